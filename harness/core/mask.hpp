// Which query-key pairs exist: all of them, or the causal ones.
#pragma once

#include <algorithm>
#include <cstdint>

namespace headcount {

/// A causal mask with q_len != kv_len is aligned bottom-right: the last query sees every key, and
/// with q_len > kv_len the first q_len - kv_len rows see none (their output is zero).
struct Mask {
    bool causal = false;

    /// Number of keys that query `row` sees; these are the keys [0, visible).
    constexpr std::int64_t visible(std::int64_t row, std::int64_t q_len, std::int64_t kv_len) const {
        return causal ? std::clamp<std::int64_t>(kv_len - q_len + row + 1, 0, kv_len) : kv_len;
    }
    /// Number of rows that see at least one key.
    constexpr std::int64_t live_rows(std::int64_t q_len, std::int64_t kv_len) const {
        return causal ? std::min(q_len, kv_len) : q_len;
    }
    /// Number of query-key pairs, the P of docs/flops.md.
    constexpr std::int64_t pairs(std::int64_t q_len, std::int64_t kv_len) const {
        if (!causal) return q_len * kv_len;
        const std::int64_t rows = live_rows(q_len, kv_len);
        const std::int64_t first = visible(q_len - rows, q_len, kv_len);
        return rows * first + rows * (rows - 1) / 2;
    }
};

}  // namespace headcount
