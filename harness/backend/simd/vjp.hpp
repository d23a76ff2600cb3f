// The derivative of one head's attention, as the simd kernel wants it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "harness/backend/simd/decode.hpp"
#include "harness/backend/simd/stream.hpp"

namespace headcount::simd {

/// How the derivative is cut: a block of rows of queries against a block of panels of keys.
struct VjpCut {
    std::int64_t query_block, key_panels;
};

/// Of out = softmax2(factor * q @ k^T) @ v with base 2 the derivatives by q, k and v from `dout`, for some blocks of
/// keys: first_block, first_block + block_step, ... `factor` is scale * log2(e).
template <class T>
struct HeadVjp {
    View<const T> q;       ///< [q_len, head_dim]
    View<const T> k;       ///< [kv_len, head_dim]
    View<const T> v;       ///< [kv_len, value_head_dim]
    View<const T> out;     ///< [q_len, value_head_dim]
    View<const T> dout;    ///< [q_len, value_head_dim]
    View<T> dk, dv;        ///< like k and v; written, or added to
    const T* peaks;        ///< [q_len], what the forward pass took off the scores
    const T* reciprocals;  ///< [q_len], 1 / the sum of a row's weights
    std::int64_t q_len, kv_len, head_dim, value_head_dim;
    T factor, scale;
    std::int64_t visible;       ///< keys that row 0 sees, before clamping to [0, kv_len]
    std::int64_t visible_step;  ///< how many more each further row sees: 1 causal, 0 not
    VjpCut cut;
    std::int64_t first_block, block_step;
    bool add_to_k, add_to_v;
    T* dq;       ///< [q_len, whole vectors of head_dim]: what these blocks of keys contribute
    T* scratch;  ///< VjpScratch::elements

    std::int64_t visible_of(std::int64_t row) const {
        return std::clamp<std::int64_t>(visible + row * visible_step, 0, kv_len);
    }
    /// The first row that sees `key`.
    std::int64_t first_row(std::int64_t key) const {
        return visible_step == 0 ? 0 : std::clamp<std::int64_t>(key + 1 - visible, 0, q_len);
    }
};

/// Elements between rows of queries that are copied: whole vectors and an odd number of cache lines, because a product
/// reads columns of these rows, and at a distance of a power of two they would share few sets of the cache.
constexpr std::int64_t vjp_row_stride(std::int64_t cols) {
    constexpr std::int64_t kLine = 16;
    return (((cols + kLine - 1) / kLine) | 1) * kLine;
}

/// Where the parts of a kernel's scratch begin.
struct VjpScratch {
    std::int64_t queries, douts, means, weights, scores, key_columns, value_columns, keys, dk, dv, elements;

    static constexpr VjpScratch of(const VjpCut& cut, std::int64_t lanes, std::int64_t q_len, std::int64_t head_dim,
                                   std::int64_t value_head_dim) {
        const std::int64_t width = kMostVectors * lanes, panels = cut.key_panels;
        VjpScratch at{};
        const auto take = [&](std::int64_t count) {
            constexpr std::int64_t kLine = 16;
            const std::int64_t start = at.elements;
            at.elements += whole_vectors(count, kLine);
            return start;
        };
        at.queries = take(q_len * vjp_row_stride(head_dim));
        at.douts = take(q_len * vjp_row_stride(value_head_dim));
        at.means = take(q_len);
        at.weights = take(cut.query_block * width);
        at.scores = take(panels * cut.query_block * width);
        at.key_columns = take(panels * head_dim * width);
        at.value_columns = take(panels * value_head_dim * width);
        at.keys = take(panels * width * whole_vectors(head_dim, lanes));
        at.dk = take(panels * head_dim * width);
        at.dv = take(panels * value_head_dim * width);
        return at;
    }
};

/// Vectors of columns that a register tile takes from the one numbered `first` of `vectors` on: panels of nearly equal
/// width, because a narrow one waits for its own sums.
constexpr std::int64_t vjp_panel_vectors(std::int64_t first, std::int64_t vectors) {
    const std::int64_t panels = (vectors - first + kMostVectors - 1) / kMostVectors;
    return (vectors - first + panels - 1) / panels;
}

}  // namespace headcount::simd
