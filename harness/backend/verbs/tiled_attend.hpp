// The fused core: attention over tiles of the score matrix with online softmax, for any scalar and any kernels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "harness/backend/verbs/attend_shape.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/core/mask.hpp"

namespace headcount {

/// Readable kernels for attend_block(); a faster backend supplies the same functions.
template <class T>
struct NaiveTileKernels {
    void scores(T scale, Matrix<T> q, Matrix<T> keys, Matrix<T> tile) const {
        multiply(q, keys.transposed(), tile, false);
        scale_all(tile, scale);
    }
    void context(Matrix<T> tile, Matrix<T> values, Matrix<T> out, bool accumulate) const {
        multiply(tile, values, out, accumulate);
    }
    T row_max(const T* x, std::int64_t n) const {
        T peak = x[0];
        for (std::int64_t j = 1; j < n; ++j) {
            if (peak < x[j]) peak = x[j];
        }
        return peak;
    }
    /// x = exp(x - peak); returns the sum.
    T exp_and_sum(T* x, std::int64_t n, T peak) const {
        using std::exp;
        for (std::int64_t j = 0; j < n; ++j) x[j] = exp(x[j] - peak);
        T sum = x[0];
        for (std::int64_t j = 1; j < n; ++j) sum = sum + x[j];
        return sum;
    }
    void scale_row(Matrix<T> row, T factor) const { scale_all(row, factor); }
};

/// Scratch elements that one attend_block() call needs.
constexpr std::int64_t tile_scratch_elements(std::int64_t query_block, std::int64_t key_block) {
    return query_block * (key_block + 2);
}

/// A block of query rows of one head, and what its mask lets them see.
class RowBlock {
public:
    RowBlock(const Mask& mask, std::int64_t first, std::int64_t rows, std::int64_t q_len, std::int64_t kv_len)
        : mask_(mask), first_(first), rows_(rows), q_len_(q_len), kv_len_(kv_len) {
        for (std::int64_t row = 0; row < rows; ++row) {
            const Keys seen = keys(row);
            if (seen.count() > 0) last_key_ = std::max(last_key_, seen.last);
        }
    }

    std::int64_t rows() const { return rows_; }
    /// Behind the last key that a row sees.
    std::int64_t last_key() const { return last_key_; }
    Keys keys(std::int64_t row) const { return mask_.keys(first_ + row, q_len_, kv_len_); }
    /// Keys that `row` sees of the `width` from `key` on, numbered from there.
    Keys seen(std::int64_t row, std::int64_t key, std::int64_t width) const { return keys(row).within(key, width); }
    /// Whether `row` sees a key before `key`.
    bool begun(std::int64_t row, std::int64_t key) const { return seen(row, 0, key).count() > 0; }

    /// The rows of one tile: from the first that sees one of its keys to the last.
    struct Span {
        std::int64_t first = 0, rows = 0;
        bool any_begun = false;
    };
    Span span(std::int64_t key, std::int64_t width) const {
        Span span;
        for (std::int64_t row = 0; row < rows_; ++row) {
            if (seen(row, key, width).count() == 0) continue;
            if (span.rows == 0) span.first = row;
            span.rows = row + 1 - span.first;
        }
        for (std::int64_t row = span.first; key > 0 && row < span.first + span.rows && !span.any_begun; ++row) {
            span.any_begun = begun(row, key);
        }
        return span;
    }

private:
    const Mask& mask_;
    std::int64_t first_, rows_, q_len_, kv_len_;
    std::int64_t last_key_ = 0;
};

template <class T>
void set_to_zero(const Matrix<T>& row) {
    for (std::int64_t j = 0; j < row.cols; ++j) row(0, j) = T{};
}

/// The largest of the scores that a row sees.
template <class T, class Kernels>
T seen_max(const T* row, const Keys& seen, const Kernels& kernels) {
    const T peak = kernels.row_max(row + seen.first, seen.last - seen.first);
    if (seen.sink == 0) return peak;
    const T of_sink = kernels.row_max(row, seen.sink);
    return peak < of_sink ? of_sink : peak;
}

/// The scores that a row sees become weights, the others zero; returns the sum.
template <class T, class Kernels>
T weigh_seen(T* row, const Keys& seen, std::int64_t width, T peak, const Kernels& kernels) {
    T sum = kernels.exp_and_sum(row + seen.first, seen.last - seen.first, peak);
    if (seen.sink > 0) sum = sum + kernels.exp_and_sum(row, seen.sink, peak);
    std::fill(row + seen.sink, row + seen.first, T{});
    std::fill(row + seen.last, row + width, T{});
    return sum;
}

/// out = softmax(scale * q @ k^T + mask) @ v for one block of query rows of one head, `key_block` keys at a time
/// (Dao et al. 2022, algorithm 1, with the query block outermost), for any mask. Of a tile only the rows from the first
/// that sees a key to the last are computed. A row's partial result is rescaled only when a tile raises its maximum.
template <class T, class Kernels>
void attend_block(T scale, const RowBlock& block, Matrix<T> q, Matrix<T> k, Matrix<T> v, Matrix<T> out,
                  std::int64_t key_block, T* scratch, const Kernels& kernels) {
    using std::exp;
    T* const peaks = scratch;
    T* const sums = peaks + q.rows;
    T* const scores = sums + q.rows;
    for (std::int64_t i = 0; i < q.rows; ++i) {
        if (block.keys(i).count() == 0) set_to_zero(out.row_range(i, 1));
    }
    for (std::int64_t key = 0; key < block.last_key(); key += key_block) {
        const std::int64_t width = std::min(key_block, block.last_key() - key);
        const auto [first, rows, any_begun] = block.span(key, width);
        if (rows == 0) continue;
        const Matrix<T> tile{scores, rows, width, width, 1};
        kernels.scores(scale, q.row_range(first, rows), k.row_range(key, width), tile);
        for (std::int64_t i = first; i < first + rows; ++i) {
            T* const row = &tile(i - first, 0);
            const Keys seen = block.seen(i, key, width);
            const bool begun = any_begun && block.begun(i, key);
            if (any_begun && !begun) set_to_zero(out.row_range(i, 1));
            if (seen.count() == 0) {
                std::fill(row, row + width, T{});
                continue;
            }
            const T peak = seen_max(row, seen, kernels);
            if (!begun) {
                peaks[i] = peak;
            } else if (peaks[i] < peak) {
                const T factor = exp(peaks[i] - peak);
                sums[i] = sums[i] * factor;
                kernels.scale_row(out.row_range(i, 1), factor);
                peaks[i] = peak;
            }
            const T sum = weigh_seen(row, seen, width, peaks[i], kernels);
            sums[i] = begun ? sums[i] + sum : sum;
        }
        kernels.context(tile, v.row_range(key, width), out.row_range(first, rows), any_begun);
    }
    for (std::int64_t i = 0; i < q.rows; ++i) {
        if (block.keys(i).count() > 0) kernels.scale_row(out.row_range(i, 1), static_cast<T>(1.0) / sums[i]);
    }
}

/// The blocks of query rows of all heads, numbered, so that threads can share them out.
class QueryBlocks {
public:
    QueryBlocks(const AttendShape& shape, std::int64_t query_block)
        : shape_(shape), query_block_(query_block), per_head_((shape.q_len + query_block - 1) / query_block) {}

    std::int64_t count() const { return shape_.batch * shape_.heads() * per_head_; }

    /// Runs attend_block() on block `index`.
    template <class T, class Kernels>
    void run(std::int64_t index, double scale, const Mask& mask, const Tensor& q, const Tensor& k, const Tensor& v,
             const Tensor& out, std::int64_t key_block, T* scratch, const Kernels& kernels) const {
        const std::int64_t first = index % per_head_ * query_block_;
        const std::int64_t rows = std::min(query_block_, shape_.q_len - first);
        const std::int64_t head = index / per_head_;
        const std::int64_t b = head / shape_.heads();
        const std::int64_t n = head % shape_.heads() / shape_.group;
        const std::int64_t g = head % shape_.group;
        attend_block(static_cast<T>(scale), RowBlock(mask, first, rows, shape_.q_len, shape_.kv_len),
                     matrix_at<T>(q, b, n, g).row_range(first, rows), matrix_at<T>(k, b, n, g),
                     matrix_at<T>(v, b, n, g), matrix_at<T>(out, b, n, g).row_range(first, rows), key_block, scratch,
                     kernels);
    }

private:
    AttendShape shape_;
    std::int64_t query_block_, per_head_;
};

}  // namespace headcount
