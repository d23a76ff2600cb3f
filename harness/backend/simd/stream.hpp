// One block of query rows of one head, as the streaming kernel wants it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "harness/core/mask.hpp"

namespace headcount::simd {

/// Vectors of queries that one block holds at most: with three, a tile loads 11 operands for 24 multiply-adds.
inline constexpr std::int64_t kMostVectors = 3;

/// A matrix in memory: element (i, j) is data[i * row_stride + j * col_stride].
template <class T>
struct View {
    T* data;
    std::int64_t row_stride, col_stride;
};

/// out = softmax2(factor * q @ k^T) @ v, softmax2 with base 2; `factor` is scale * log2(e). T computes, S lies in
/// memory.
template <class T, class S = T>
struct StreamBlock {
    View<const S> q;            ///< [rows, head_dim]
    View<const S> k;            ///< [kv_len, head_dim]
    View<const S> v;            ///< [kv_len, value_head_dim]
    View<S> out;                ///< [rows, value_head_dim]
    View<const S> next_q = {};  ///< [next_rows, head_dim]: queries that come after these, to be fetched meanwhile
    std::int64_t rows, kv_len, head_dim, value_head_dim;
    std::int64_t next_rows = 0;
    T factor;
    Mask mask;
    std::int64_t first_row, q_len;  ///< rows [first_row, first_row + rows) of q_len, for the mask
    std::int64_t key_block;         ///< keys whose scores are held at a time
    T* scratch;                     ///< stream_scratch_elements(), and packed_scratch_elements() where S is not T
    /// [rows] each, or null: what a derivative needs to make weights again, the numbers that scores were lowered by and
    /// 1 / the sums of weights.
    T *peaks = nullptr, *reciprocals = nullptr;

    Keys keys_of(std::int64_t row) const { return mask.keys(first_row + row, q_len, kv_len); }
};

/// Keys [from, to).
struct KeySpan {
    std::int64_t from = 0, to = 0;

    std::int64_t count() const { return to - from; }
};

/// The keys that a block of rows takes, in at most two spans, and those of them that every row sees.
struct BlockKeys {
    KeySpan sink, main;  ///< the one before the other; either may be empty
    KeySpan of_all;      ///< keys of `main` that all rows see, but for their sinks
    std::int64_t least_sink = 0, largest_sink = 0;

    /// `keys_of(row)` for `rows` rows.
    template <class F>
    static BlockKeys of(std::int64_t rows, const F& keys_of) {
        BlockKeys block;
        for (std::int64_t row = 0; row < rows; ++row) {
            const Keys keys = keys_of(row);
            block.largest_sink = std::max(block.largest_sink, keys.sink);
            block.least_sink = row == 0 ? keys.sink : std::min(block.least_sink, keys.sink);
            block.of_all.from = std::max(block.of_all.from, keys.first);
            block.of_all.to = row == 0 ? keys.last : std::min(block.of_all.to, keys.last);
            if (keys.first == keys.last) continue;
            block.main.from = block.main.to == 0 ? keys.first : std::min(block.main.from, keys.first);
            block.main.to = std::max(block.main.to, keys.last);
        }
        if (block.largest_sink < block.main.from) {
            block.sink.to = block.largest_sink;
        } else {
            block.main.from = 0;
        }
        return block;
    }

    std::int64_t count() const { return sink.count() + main.count(); }
    bool all_see(std::int64_t key, std::int64_t count) const {
        return (of_all.from <= key && key + count <= of_all.to) || key + count <= least_sink;
    }
};

/// Vectors of queries in the block that starts with `left` rows to go.
constexpr std::int64_t block_vectors(std::int64_t left, std::int64_t lanes) {
    return std::min(kMostVectors, (left + lanes - 1) / lanes);
}

/// Elements of scratch for one block: packed queries, the transposed output and one tile of scores.
constexpr std::int64_t stream_scratch_elements(std::int64_t lanes, std::int64_t head_dim, std::int64_t value_head_dim,
                                               std::int64_t key_block) {
    return kMostVectors * lanes * (head_dim + value_head_dim + key_block);
}

/// Lanes' worth of `terms` terms, `step` to a lane.
constexpr std::int64_t steps_of(std::int64_t terms, std::int64_t step) { return (terms + step - 1) / step; }

/// More of it for bf16: keys and values of one block in the form that products take, queries on their way there.
constexpr std::int64_t packed_scratch_elements(std::int64_t lanes, std::int64_t head_dim, std::int64_t value_head_dim,
                                               std::int64_t key_block, std::int64_t step) {
    return std::max(kMostVectors * lanes, key_block) * steps_of(head_dim, step) +
           steps_of(key_block, step) * value_head_dim;
}

}  // namespace headcount::simd
