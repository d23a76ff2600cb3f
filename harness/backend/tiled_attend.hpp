// The fused core: attention over tiles of the score matrix with online softmax, for any scalar and any kernels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "harness/backend/naive_kernels.hpp"

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

/// Which rows of the whole problem a block holds, so that the mask can be asked.
struct RowBlock {
    std::int64_t first, q_len;
};

/// out = softmax(scale * q @ k^T + mask) @ v for one block of query rows of one head, `key_block` keys at a time
/// (Dao et al. 2022, algorithm 1, with the query block outermost). Tiles and rows of tiles that the mask hides
/// wholly are skipped. A row's partial result is rescaled only when a tile raises its maximum.
template <class T, class Kernels>
void attend_block(T scale, Mask mask, RowBlock block, Matrix<T> q, Matrix<T> k, Matrix<T> v, Matrix<T> out,
                  std::int64_t key_block, T* scratch, const Kernels& kernels) {
    using std::exp;
    T* const peaks = scratch;
    T* const sums = peaks + q.rows;
    T* const scores = sums + q.rows;
    const auto visible = [&](std::int64_t row) { return mask.visible(block.first + row, block.q_len, k.rows); };

    std::int64_t first_live = 0;
    for (; first_live < q.rows && visible(first_live) == 0; ++first_live) {
        for (std::int64_t j = 0; j < out.cols; ++j) out(first_live, j) = T{};
    }
    if (first_live == q.rows) return;

    const std::int64_t keys = visible(q.rows - 1);
    std::int64_t first = first_live;
    for (std::int64_t key = 0; key < keys; key += key_block) {
        const std::int64_t width = std::min(key_block, keys - key);
        while (visible(first) <= key) ++first;
        const std::int64_t rows = q.rows - first;
        const Matrix<T> tile{scores, rows, width, width, 1};
        kernels.scores(scale, q.row_range(first, rows), k.row_range(key, width), tile);
        for (std::int64_t i = first; i < q.rows; ++i) {
            T* const row = &tile(i - first, 0);
            const std::int64_t seen = std::min(visible(i) - key, width);
            const T peak = kernels.row_max(row, seen);
            if (key == 0) {
                peaks[i] = peak;
            } else if (peaks[i] < peak) {
                const T factor = exp(peaks[i] - peak);
                sums[i] = sums[i] * factor;
                kernels.scale_row(out.row_range(i, 1), factor);
                peaks[i] = peak;
            }
            const T sum = kernels.exp_and_sum(row, seen, peaks[i]);
            sums[i] = key == 0 ? sum : sums[i] + sum;
            std::fill(row + seen, row + width, T{});
        }
        kernels.context(tile, v.row_range(key, width), out.row_range(first, rows), key > 0);
    }
    for (std::int64_t i = first_live; i < q.rows; ++i) {
        kernels.scale_row(out.row_range(i, 1), static_cast<T>(1.0) / sums[i]);
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
    void run(std::int64_t index, double scale, Mask mask, const Tensor& q, const Tensor& k, const Tensor& v,
             const Tensor& out, std::int64_t key_block, T* scratch, const Kernels& kernels) const {
        const std::int64_t first = index % per_head_ * query_block_;
        const std::int64_t rows = std::min(query_block_, shape_.q_len - first);
        const std::int64_t head = index / per_head_;
        const std::int64_t b = head / shape_.heads();
        const std::int64_t n = head % shape_.heads() / shape_.group;
        const std::int64_t g = head % shape_.group;
        attend_block(static_cast<T>(scale), mask, RowBlock{.first = first, .q_len = shape_.q_len},
                     matrix_at<T>(q, b, n, g).row_range(first, rows), matrix_at<T>(k, b, n, g),
                     matrix_at<T>(v, b, n, g), matrix_at<T>(out, b, n, g).row_range(first, rows), key_block, scratch,
                     kernels);
    }

private:
    AttendShape shape_;
    std::int64_t query_block_, per_head_;
};

}  // namespace headcount
