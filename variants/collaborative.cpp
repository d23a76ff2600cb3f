// Heads that collaborate: all share one projection of queries and one of keys, and each weighs its columns for itself.
#include <cmath>
#include <type_traits>

#include "harness/core/swapped.hpp"
#include "harness/judge/defined_by.hpp"
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

struct Shared {
    std::int64_t shared_dim = 0;
};
const Options<Shared>& own() {
    static const Options<Shared> options{{"shared_dim", &Shared::shared_dim, 0, kLargestExtent,
                                          "width of the queries and keys of all heads (0: num_heads * head_dim)"}};
    return options;
}

/// As the canonical ones, but for queries and keys of the shared width, and a row of column weights for each head.
std::vector<WeightShape> weights(const Point& point) {
    const Problem& p = point.problem;
    const std::int64_t chosen = own().read(point.own).shared_dim;
    const std::int64_t width = chosen > 0 ? chosen : p.query_width();
    std::vector<WeightShape> shapes = canonical_weights(p);
    for (WeightShape& shape : shapes) {
        const bool is_shared = shape.name == "wq" || shape.name == "wk" || shape.name == "bq" || shape.name == "bk";
        if (is_shared) shape.cols = width;
    }
    shapes.push_back({.name = "mixing", .rows = p.num_heads, .cols = width});
    return shapes;
}

/// The queries of all heads, side by side: Q diag(m_h). Column by column, a product of the column and the heads'
/// weights of it.
Tensor mix_queries(Pass& pass, const Tensor& q) {
    const std::int64_t heads = pass.problem.num_heads, width = q.cols();
    const Tensor mixed = pass.take("mixed_query", {q.batch(), 1, 1, q.rows(), heads * width});
    const Tensor rows = split_heads(*batch_as_rows(mixed), heads, 1);
    pass.backend.matmul("mixing", split_heads(*batch_as_rows(q), width, 1),
                        split_heads(pass.weights.at("mixing"), width, 1).transposed(), swapped(rows, 1, 4));
    return mixed;
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const Weights& w = pass.weights;
    const std::int64_t width = w.at("mixing").cols();
    const Tensor q = pass.take("query", {p.batch, 1, 1, p.q_len, width});
    const Tensor k = pass.cached(pass.take_kept("key", {p.batch, 1, 1, p.kv_len, width}));
    const Tensor v = pass.cached(pass.take_kept("value", {p.batch, 1, 1, p.kv_len, p.value_width()}));
    project_to(pass, {.q = q, .k = pass.fresh(k), .v = pass.fresh(v)});
    // All heads are one group, whose keys are the same.
    const auto heads = [&](const Tensor& x) { return split_heads(x, 1, p.num_heads); };
    const Tensor mixed = mix_queries(pass, q);
    const Tensor scores = pass.take("scores", {p.batch, 1, p.num_heads, p.q_len, p.kv_len});
    const Tensor context = take_context(pass);
    attend_unfused(pass, p.mask(), heads(mixed), k, heads(v), scores, heads(context));
    project_output(pass, context);
}

/// x [1, n], each column times the same column of the weights m.
constexpr auto kWeighed = [](const auto& x, const auto& m) {
    using T = typename std::remove_cvref_t<decltype(m)>::Scalar;
    const auto from = view_of(x);
    return judge::each<T>(
        from, [&](auto i, auto j) { return from.value[from.at(i, j)] * m.value[m.at(i, j)]; },
        [&](auto i, auto j, double y) {
            double error = from.total_at(from.at(i, j));
            if constexpr (judge::kBounded<T>) error *= std::abs(m.value[m.at(i, j)]);
            return error + from.rounding.unit * std::abs(y);
        });
};

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const std::int64_t newest = row.index + p.kv_len - p.q_len;
    const std::int64_t seen = p.causal ? std::max<std::int64_t>(newest + 1, 0) : p.kv_len;
    const auto q = given.q(row);
    const auto keys = given.k(row.batch).row_range(0, seen).transposed();
    const auto v = given.v(row.batch).row_range(0, seen);
    return given.output(judge::concat(p.num_heads, [&](std::int64_t h) {
        const auto mine = stored(kWeighed(q, given.weight("mixing").row(h)));
        const auto scores = given.scores(scaled(product(mine, keys), given.scale()));
        return stored(product(softmax(scores), v.head(h, p.num_heads)));
    }));
};

std::string unsupported(const Point& point) {
    const Problem& p = point.problem;
    if (p.scope == Scope::core) return "collaborative differs in its projections, and core scope has none";
    if (p.num_kv_heads != p.num_heads) {
        return "collaborative has one key projection for all heads already; set num_kv_heads equal to num_heads";
    }
    return "";
}

}  // namespace

Variant collaborative() {
    return {.summary = "queries and keys projected once for all heads, each head weighs the columns",
            .source = "Cordonnier et al. 2020, Multi-Head Attention: Collaborate Instead of Concatenate, section 3",
            .equation =
                "out = concat_h( softmax(Q diag(m_h) K^T / sqrt(head_dim)) V_h ) W_O, Q and K of shared_dim columns",
            .own = own().fields(),
            .definition = judge::defined_by(kDefinition),
            .unsupported = unsupported,
            .weights = weights,
            .forward = forward};
}

}  // namespace headcount::variants
