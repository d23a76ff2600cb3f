// Few queries against many keys, as the decode kernel wants them, and how its work is shared among threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "harness/backend/verbs/attend_shape.hpp"

namespace headcount::simd {

/// Keys whose scores are held at a time: fewer change more often between keys and values, two streams in memory.
inline constexpr std::int64_t kDecodeKeys = 128;
/// Keys that one register tile takes: four sums over lanes are made together.
inline constexpr std::int64_t kTileKeys = 4;

/// Whether the decode kernel takes it. With 16 lanes and head_dim 64, queries in lanes catch up at 6 queries a head
/// where keys and values stay in the caches, at 10 where they do not, however many heads share them: a kernel with
/// queries in lanes reads them again for each. Heads of 8 or fewer leave half of a vector of this one empty: at 4 and
/// 8, queries in lanes took 0.5 to 0.7 of its time in the caches, 1.03 to 1.09 beyond them.
inline bool decodes(const AttendShape& shape) {
    constexpr std::int64_t kMostQueries = 4, kNarrowestHead = 9;
    return shape.q_len <= kMostQueries && std::max(shape.head_dim, shape.value_head_dim) >= kNarrowestHead;
}

/// Matrices of several heads in memory: element (i, j) of head n is data[n * head_stride + i * row_stride +
/// j * col_stride]; the queries of a group that share a key head lie group_stride apart.
template <class T>
struct HeadsView {
    T* data;
    std::int64_t head_stride, group_stride, row_stride, col_stride;
};

/// Keys [first_key, last_key) of some key heads of one batch entry, for all queries that look at them:
/// out = softmax2(factor * q @ k^T) @ v, softmax2 with base 2; `factor` is scale * log2(e). T computes, S lies in
/// memory.
template <class T, class S = T>
struct DecodePart {
    HeadsView<const S> q;  ///< [heads, group, q_len, head_dim]
    HeadsView<const S> k;  ///< [heads, kv_len, head_dim]
    HeadsView<const S> v;  ///< [heads, kv_len, value_head_dim]
    HeadsView<S> out;      ///< [heads, group, q_len, value_head_dim]
    std::int64_t heads, group, q_len, kv_len, head_dim, value_head_dim;
    std::int64_t first_key, last_key;
    T factor;
    std::int64_t visible;       ///< keys that query 0 sees, before clamping to [0, kv_len]
    std::int64_t visible_step;  ///< how many more each further query sees: 1 causal, 0 not
    T* state;                   ///< decode_state_elements(): what is known of these queries so far
    T* scores;                  ///< decode_score_elements()

    std::int64_t head_rows() const { return group * q_len; }
    std::int64_t rows() const { return heads * group * q_len; }
    /// Keys that query `row` of a group sees of the `count` from `key` on.
    std::int64_t seen(std::int64_t row, std::int64_t key, std::int64_t count) const {
        return std::clamp<std::int64_t>(visible + row * visible_step - key, 0, count);
    }
};

constexpr std::int64_t whole_vectors(std::int64_t elements, std::int64_t lanes) {
    return (elements + lanes - 1) / lanes * lanes;
}

/// Packed queries; for each the weighted sum of values and, a vector, of weights; the maxima.
constexpr std::int64_t decode_state_elements(std::int64_t lanes, std::int64_t rows, std::int64_t head_dim,
                                             std::int64_t value_head_dim) {
    return rows * (whole_vectors(head_dim, lanes) + whole_vectors(value_head_dim, lanes) + lanes) +
           whole_vectors(rows, lanes);
}
/// Scores of one block of keys, a number for each query, and products of a few keys before lanes are added up.
constexpr std::int64_t decode_score_elements(std::int64_t lanes, std::int64_t rows) {
    return rows * (kDecodeKeys + kTileKeys * lanes) + whole_vectors(rows, lanes);
}

/// Which heads go together, and which blocks of keys each thread takes.
///
/// A run is what shares rows of the caches: some heads of one batch entry. All blocks of all runs in order are cut into
/// one piece a thread, so a piece holds at most one run that an earlier one began and one that it leaves to a later.
struct DecodePlan {
    std::int64_t run_heads;      ///< key heads in one run; the last of a batch entry may have fewer
    std::int64_t runs_of_batch;  ///< runs in a batch entry
    std::int64_t run_blocks;     ///< blocks of keys in a run
    std::int64_t blocks;         ///< of all runs
    std::int64_t pieces;         ///< at most one a thread

    /// 4 KiB of adjacent heads keep the rows of the caches one stream in memory; 256 queries, their scores and results
    /// stay in the second-level cache. A piece smaller than `smallest_piece` elements of the caches is not worth a
    /// thread.
    static DecodePlan of(const AttendShape& s, std::int64_t threads, std::int64_t smallest_piece) {
        DecodePlan plan{};
        const std::int64_t page = s.dtype == DType::bf16 ? 2048 : 1024;  // a counting scalar stands for f32
        plan.run_heads =
            std::clamp<std::int64_t>(std::min(page / s.head_dim, 256 / (s.group * s.q_len)), 1, s.kv_heads);
        plan.runs_of_batch = (s.kv_heads + plan.run_heads - 1) / plan.run_heads;
        plan.run_blocks = (s.kv_len + kDecodeKeys - 1) / kDecodeKeys;
        plan.blocks = s.batch * plan.runs_of_batch * plan.run_blocks;
        const std::int64_t elements = s.batch * s.kv_heads * s.kv_len * (s.head_dim + s.value_head_dim);
        plan.pieces = std::clamp<std::int64_t>(elements / smallest_piece, 1, std::min(threads, plan.blocks));
        return plan;
    }
    std::int64_t first_block(std::int64_t piece) const { return blocks * piece / pieces; }

    /// Calls f(run, first block, last block) for what piece `piece` has of each run.
    template <class F>
    void each_run(std::int64_t piece, const F& f) const {
        const std::int64_t end = first_block(piece + 1);
        for (std::int64_t block = first_block(piece); block < end;) {
            const std::int64_t run = block / run_blocks;
            const std::int64_t last = std::min(end, (run + 1) * run_blocks);
            f(run, block - run * run_blocks, last - run * run_blocks);
            block = last;
        }
    }
    std::int64_t heads_of(std::int64_t run, std::int64_t kv_heads) const {
        return std::min(run_heads, kv_heads - run % runs_of_batch * run_heads);
    }
};

}  // namespace headcount::simd
