// Heads that talk: logits are mixed over heads before the softmax, and weights after it.
#include "harness/backend/verbs/mix_heads.hpp"
#include "harness/judge/defined_by.hpp"
#include "harness/judge/reshaped.hpp"
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

/// Both map heads (rows) to heads (columns).
std::vector<WeightShape> weights(const Point& point) {
    const std::int64_t heads = point.problem.num_heads;
    std::vector<WeightShape> shapes = canonical_weights(point.problem);
    shapes.push_back({.name = "logit_mixing", .rows = heads, .cols = heads});
    shapes.push_back({.name = "weight_mixing", .rows = heads, .cols = heads});
    return shapes;
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const Mask mask = p.mask();
    const auto [q, k, v] = project_qkv(pass);
    const Tensor logits = take_scores(pass);
    const Tensor mixed = take_scores(pass);
    // The mixed weights take the place of the logits, but for a backward pass, which reads these.
    const Tensor mixed_weights = pass.workspace.keeps_all() ? take_scores(pass) : logits;
    const Tensor context = take_context(pass);
    pass.backend.matmul("scores", query_heads(q, p), key_heads(k, p).transposed(), logits,
                        {.scale = p.scale(), .bias = nullptr, .mask = mask, .masked = Masked::output});
    pass.backend.run("scores",
                     MixHeads{.from = logits, .weights = pass.weights.at("logit_mixing"), .to = mixed, .mask = mask});
    pass.backend.softmax_rows("weights", mask, mixed);
    pass.backend.run(
        "weights",
        MixHeads{.from = mixed, .weights = pass.weights.at("weight_mixing"), .to = mixed_weights, .mask = mask});
    pass.backend.matmul("context", mixed_weights, key_heads(v, p), query_heads(context, p),
                        {.scale = {}, .bias = nullptr, .mask = mask, .masked = Masked::left});
    project_output(pass, context);
}

// All heads of a row side by side: a row of a matrix [num_heads, keys] is a head.
constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const std::int64_t heads = p.num_heads, sharing = heads / p.num_kv_heads;
    const std::int64_t after = p.causal ? p.q_len - 1 - row.index : 0;
    const std::int64_t seen = std::max<std::int64_t>(p.kv_len - after, 0);
    const auto q = given.q(row);
    const auto k = given.k(row.batch).row_range(0, seen);
    const auto v = given.v(row.batch).row_range(0, seen);
    const auto alike = judge::concat(heads, [&](std::int64_t h) {
        const auto keys = k.head(h / sharing, p.num_kv_heads);
        return given.scores(scaled(product(q.head(h, heads), keys.transposed()), given.scale()));
    });
    const auto before = given.weight("logit_mixing").transposed(), behind = given.weight("weight_mixing").transposed();
    const auto logits = given.scores(product(before, judge::reshaped(alike, heads, seen)));
    auto weights = stored(product(behind, softmax(logits)));
    // As those of the softmax they share the row's query, whose errors move all of them.
    weights.together = seen;
    return given.output(judge::concat(heads, [&](std::int64_t h) {
        return stored(product(weights.row_range(h, 1), v.head(h / sharing, p.num_kv_heads)));
    }));
};

}  // namespace

Variant talking_heads() {
    return {.summary = "logits and weights mixed over heads by two num_heads x num_heads matrices",
            .source = "Shazeer et al. 2020, Talking-Heads Attention, section 3, with as many heads of each kind",
            .equation =
                "J_g = sum_h P_hg Q_h K_h^T / sqrt(head_dim)\n"
                "out = concat_g( sum_h M_hg softmax(J_h) V_g ) W_O",
            .definition = judge::defined_by(kDefinition),
            .weights = weights,
            .forward = forward};
}

}  // namespace headcount::variants
