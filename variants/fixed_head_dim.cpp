// Heads of a fixed width: more of them make the layer larger, not each head narrower, so that no head becomes a
// bottleneck of low rank.
#include <cmath>

#include "harness/core/error.hpp"
#include "harness/judge/defined_by.hpp"
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

struct Width {
    std::int64_t fixed_dim = 64;
};
const Options<Width>& own() {
    static const Options<Width> options{
        {"fixed_dim", &Width::fixed_dim, 1, kLargestExtent, "width of every head, whatever embed_dim and num_heads"}};
    return options;
}

/// The same problem with heads of that width.
Problem widened(Problem p, const Width& chosen) {
    p.head_dim = p.value_head_dim = chosen.fixed_dim;
    return p;
}

std::vector<WeightShape> weights(const Point& point) {
    return canonical_weights(widened(point.problem, own().read(point.own)));
}

void forward(Pass& pass) {
    const Problem heads = widened(pass.problem, pass.own(own()));
    forward_fused(pass, heads, heads.mask());
}

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const double temperature = std::sqrt(static_cast<double>(given.own(own()).fixed_dim));
    const std::int64_t later = p.causal ? p.q_len - 1 - row.index : 0;  // keys of tokens behind this one
    const std::int64_t seen = p.kv_len > later ? p.kv_len - later : 0;
    const auto q = given.q(row);
    const auto k = given.k(row.batch).row_range(0, seen);
    const auto v = given.v(row.batch).row_range(0, seen);
    return given.output(judge::concat(p.num_heads, [&](std::int64_t h) {
        const std::int64_t g = h * p.num_kv_heads / p.num_heads;
        const auto similar = product(q.head(h, p.num_heads), k.head(g, p.num_kv_heads).transposed());
        const auto shares = softmax(given.scores(scaled(similar, 1 / temperature)));
        return stored(product(shares, v.head(g, p.num_kv_heads)));
    }));
};

/// Whether the problem asks for a width that fixed_dim would silently replace.
bool asks_for_another(const Problem& p, std::int64_t fixed_dim) {
    const bool is_default = p.num_heads * p.head_dim == p.embed_dim;
    return p.value_head_dim != p.head_dim || (p.head_dim != fixed_dim && !is_default);
}

/// What resolve() has against a problem with heads so wide; empty when nothing.
std::string why_uncountable(const Problem& p) {
    ProblemSpec spec;
    spec.batch = p.batch;
    spec.q_len = p.q_len;
    spec.kv_len = p.kv_len;
    spec.embed_dim = p.embed_dim;
    spec.num_heads = p.num_heads;
    spec.num_kv_heads = p.num_kv_heads;
    spec.head_dim = p.head_dim;
    try {
        resolve(spec);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "";
}

std::string unsupported(const Point& point) {
    const Problem& p = point.problem;
    if (p.scope == Scope::core) {
        return "fixed_head_dim projects to heads of its own width, and core scope is given heads; set scope: layer, or "
               "head_dim and another variant";
    }
    const Width chosen = own().read(point.own);
    if (asks_for_another(p, chosen.fixed_dim)) {
        return "the width of fixed_head_dim is fixed_dim, " + std::to_string(chosen.fixed_dim) +
               "; leave head_dim and value_head_dim at embed_dim / num_heads, or set both to fixed_dim";
    }
    return why_uncountable(widened(p, chosen));
}

}  // namespace

Variant fixed_head_dim() {
    return {.summary = "heads of one width (fixed_dim) whatever embed_dim / num_heads is, fused core",
            .source = "Bhojanapalli et al. 2020, section 3",
            .equation =
                "out = concat_h( softmax(Q_h K_h^T / sqrt(fixed_dim)) V_h ) W_O\n"
                "W_Q [embed_dim, num_heads fixed_dim], W_O of its transpose's shape",
            .own = own().fields(),
            .definition = judge::defined_by(kDefinition),
            .unsupported = unsupported,
            .weights = weights,
            .forward = forward,
            .stores_scores = false};
}

}  // namespace headcount::variants
