// What padded and packed_sequences compute, said without their forward passes.
#pragma once

#include <cstdint>

#include "harness/judge/linear.hpp"
#include "harness/judge/steps.hpp"
#include "variants/padding.hpp"

namespace headcount::padding {

// Attention within each sequence; a row without a token is zero. So only tokens that exist are required: what is made
// of padding is executed besides.
inline constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const bool is_core = p.scope == Scope::core;
    const std::int64_t chosen = given.own(own()).shortest, shortest = chosen > 0 ? chosen : (p.q_len + 1) / 2;
    std::int64_t length = p.q_len;
    if (p.batch > 1) {
        // A part of a token that is missing is a whole one.
        const std::int64_t steps = p.batch - 1;
        length -= ((p.q_len - shortest) * row.batch + steps - 1) / steps;
    }
    if (row.index >= length) {
        const auto like = is_core ? given.v(row.batch) : given.x_kv(row.batch);
        return stored(zeros(like, 1, is_core ? p.context_width() : p.embed_dim));
    }
    const auto tokens = [&](const char* name, const char* w, const char* b) {
        return given.once(name, row.batch, [&] {
            return projected(given.x_kv(row.batch).row_range(0, length), given.weight(w), given.bias(b));
        });
    };
    const std::int64_t seen = p.causal ? row.index + 1 : length;
    const auto q = given.q(row);
    const auto k = (is_core ? given.k(row.batch) : tokens("keys", "wk", "bk")).row_range(0, seen);
    const auto v = (is_core ? given.v(row.batch) : tokens("values", "wv", "bv")).row_range(0, seen);
    return given.output(judge::concat(p.num_heads, [&](std::int64_t h) {
        const std::int64_t g = h / (p.num_heads / p.num_kv_heads);
        const auto similar = product(q.head(h, p.num_heads), k.head(g, p.num_kv_heads).transposed());
        return stored(product(softmax(given.scores(scaled(similar, given.scale()))), v.head(g, p.num_kv_heads)));
    }));
};

}  // namespace headcount::padding
