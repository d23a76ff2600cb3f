#include "harness/judge/attention.hpp"

#include <algorithm>

#include "harness/judge/defined_by.hpp"

namespace headcount::judge {
namespace {

constexpr auto kAttention = [](const auto& given, Row row) {
    const Problem& p = given.problem();
    if (p.scope == Scope::projections) {
        const auto k = picked(given.k(row.batch), {row.index});
        const auto v = picked(given.v(row.batch), {row.index});
        return beside(beside(given.q(row), k), beside(v, given.output(given.context(row))));
    }
    // The last row sees all keys, each row above it one less.
    const std::int64_t seen = p.causal ? std::max<std::int64_t>(p.kv_len - (p.q_len - 1 - row.index), 0) : p.kv_len;
    const auto q = given.q(row);
    const auto k = given.k(row.batch).row_range(0, seen);
    const auto v = given.v(row.batch).row_range(0, seen);
    const std::int64_t sharing = p.num_heads / p.num_kv_heads;
    return given.output(concat(p.num_heads, [&](std::int64_t h) {
        const auto q_h = q.head(h, p.num_heads);
        const auto k_h = k.head(h / sharing, p.num_kv_heads);
        const auto v_h = v.head(h / sharing, p.num_kv_heads);
        const auto scores = given.scores(scaled(product(q_h, k_h.transposed()), given.scale()));
        return stored(product(softmax(scores), v_h));
    }));
};

}  // namespace

Definition attention() { return defined_by(kAttention); }

}  // namespace headcount::judge
