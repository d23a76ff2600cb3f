// Sparse query attention: fewer query heads than the model's width has room for, so that the core itself does less.
#include "harness/judge/defined_by.hpp"
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

struct Kept {
    std::int64_t query_heads = 0;
};
const Options<Kept>& own() {
    static const Options<Kept> options{
        {"query_heads", &Kept::query_heads, 0, kLargestExtent, "query heads that are kept of num_heads; 0: half"}};
    return options;
}

/// The same problem with the query heads that are kept.
Problem kept(Problem p, const Kept& chosen) {
    p.num_heads = chosen.query_heads == 0 ? p.num_heads / 2 : chosen.query_heads;
    return p;
}

std::vector<WeightShape> weights(const Point& point) {
    return canonical_weights(kept(point.problem, own().read(point.own)));
}

void forward(Pass& pass) {
    const Problem heads = kept(pass.problem, pass.own(own()));
    forward_fused(pass, heads, heads.mask());
}

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const std::int64_t asked = given.own(own()).query_heads;
    const std::int64_t heads = asked > 0 ? asked : p.num_heads / 2;
    const std::int64_t later = p.causal ? p.q_len - 1 - row.index : 0;  // keys of tokens behind this one
    const std::int64_t seen = p.kv_len > later ? p.kv_len - later : 0;
    const auto q = given.q(row);
    const auto k = given.k(row.batch).row_range(0, seen);
    const auto v = given.v(row.batch).row_range(0, seen);
    return given.output(judge::concat(heads, [&](std::int64_t h) {
        const std::int64_t g = h * p.num_kv_heads / heads;
        const auto similar = product(q.head(h, heads), k.head(g, p.num_kv_heads).transposed());
        const auto shares = softmax(given.scores(scaled(similar, given.scale())));
        return stored(product(shares, v.head(g, p.num_kv_heads)));
    }));
};

std::string unsupported(const Point& point) {
    const Problem& p = point.problem;
    if (p.scope == Scope::core) {
        return "sparse_query projects to fewer heads than core scope is given; set scope: layer, or num_heads to the "
               "number that is kept";
    }
    const Kept chosen = own().read(point.own);
    const std::int64_t heads = kept(p, chosen).num_heads;
    if (chosen.query_heads == 0 && p.num_heads % 2 != 0) {
        return "sparse_query keeps half of the query heads, and num_heads " + std::to_string(p.num_heads) +
               " is odd; set query_heads";
    }
    if (heads > p.num_heads || p.num_heads % heads != 0) {
        return "sparse_query keeps a whole fraction of num_heads; " + std::to_string(p.num_heads) +
               " does not divide by query_heads " + std::to_string(heads);
    }
    if (heads % p.num_kv_heads != 0) {
        return "each head of keys serves as many query heads: " + std::to_string(heads) +
               " that are kept do not divide by num_kv_heads " + std::to_string(p.num_kv_heads) +
               "; set num_kv_heads to a divisor of it";
    }
    return "";
}

}  // namespace

Variant sparse_query() {
    return {.summary = "fewer query heads than num_heads, of the same width (query_heads), fused core",
            .source = "Filipek 2025, SQA",
            .equation =
                "out = concat_h( softmax(Q_h K_g^T / sqrt(head_dim)) V_g ) W_O for h of query_heads\n"
                "W_Q [embed_dim, query_heads head_dim], W_O [query_heads head_dim, embed_dim]\n"
                "head_dim is what num_heads heads would have",
            .own = own().fields(),
            .definition = judge::defined_by(kDefinition),
            .unsupported = unsupported,
            .weights = weights,
            .forward = forward,
            .stores_scores = false};
}

}  // namespace headcount::variants
