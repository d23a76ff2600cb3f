// Linformer: keys and values are projected along the length, so that each query meets a fixed number of mixtures of
// them.
#include "harness/judge/defined_by.hpp"
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

struct Linformer {
    std::int64_t projected_len = 64;
};
const Options<Linformer>& own() {
    static const Options<Linformer> options{{"projected_len", &Linformer::projected_len, 1, std::int64_t{1} << 30,
                                             "length that keys and values are projected to"}};
    return options;
}

/// E and F are shared by all heads (the paper's headwise sharing), and have the variance 1 / projected_len of its
/// theorem 2.
std::vector<WeightShape> weights(const Point& point) {
    std::vector<WeightShape> shapes = canonical_weights(point.problem);
    const std::int64_t projected = own().read(point.own).projected_len, kv_len = point.problem.kv_len;
    shapes.push_back({.name = "we", .rows = projected, .cols = kv_len});
    shapes.push_back({.name = "wf", .rows = projected, .cols = kv_len});
    return shapes;
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const std::int64_t projected = pass.own(own()).projected_len;
    const auto [q, k, v] = project_uncached(pass);
    // What stays of the keys and values: queries that come later need no more.
    const Tensor few_k = pass.cached(pass.take("projected_key", {p.batch, 1, 1, projected, p.key_width()}));
    const Tensor few_v = pass.cached(pass.take("projected_value", {p.batch, 1, 1, projected, p.value_width()}));
    pass.backend.matmul("projected_key", pass.weights.at("we"), k, few_k);
    pass.backend.matmul("projected_value", pass.weights.at("wf"), v, few_v);
    attend_fused(pass, p, Mask{}, {.q = q, .k = few_k, .v = few_v});
}

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const auto mixed = [&](const char* name, const auto& of_all_keys) {
        return given.once(name, row.batch, [&] { return stored(product(given.weight(name), of_all_keys)); });
    };
    const auto k = mixed("we", given.k(row.batch)), v = mixed("wf", given.v(row.batch));
    const auto q = given.q(row);
    const std::int64_t sharing = p.num_heads / p.num_kv_heads;
    return given.output(judge::concat(p.num_heads, [&](std::int64_t h) {
        const auto k_h = k.head(h / sharing, p.num_kv_heads), v_h = v.head(h / sharing, p.num_kv_heads);
        const auto similar = product(q.head(h, p.num_heads), k_h.transposed());
        return stored(product(softmax(given.scores(scaled(similar, given.scale()))), v_h));
    }));
};

std::string unsupported(const Point& point) {
    if (!point.problem.causal) return "";
    return "linformer mixes keys of all places, so a query would see later ones; set causal to false";
}

}  // namespace

Variant linformer() {
    return {.summary = "keys and values projected to a fixed length",
            .source = "Wang et al. 2020, equation 7",
            .equation = "out = concat_h( softmax(Q_h (E K_h)^T / sqrt(head_dim)) F V_h ) W_O",
            .own = own().fields(),
            .definition = judge::defined_by(kDefinition),
            .unsupported = unsupported,
            .weights = weights,
            .forward = forward,
            .stores_scores = false};
}

}  // namespace headcount::variants
