// Work on rows of a tensor, shared among threads when that pays, and what backends with vectors do to a row.
#pragma once

#include <algorithm>
#include <cstdint>

#include "harness/backend/vector_math.hpp"
#include "harness/core/parallel.hpp"
#include "harness/core/tensor.hpp"

namespace headcount {

/// Waking a thread takes about ten microseconds; below this many elements a softmax or a copy is done sooner alone.
inline constexpr std::int64_t kSmallestSharedElements = std::int64_t{32} * 1024;

/// Calls f(b, n, g, row) for all rows of t, in shares of equal size when that pays.
template <class F>
void share_rows(ThreadPool& pool, const Tensor& t, const F& f) {
    const std::int64_t rows = t.elements() / t.cols();
    // Four shares a thread even out what causal rows differ in.
    const std::int64_t shares = t.elements() < kSmallestSharedElements || pool.num_threads() == 1
                                    ? 1
                                    : std::min<std::int64_t>(rows, 4L * pool.num_threads());
    pool.run(shares, [&](std::int64_t share, int /*thread*/) {
        for (std::int64_t i = rows * share / shares; i < rows * (share + 1) / shares; ++i) {
            const std::int64_t head = i / t.rows();
            f(head / (t.kv_heads() * t.group()), head / t.group() % t.kv_heads(), head % t.group(), i % t.rows());
        }
    });
}

/// The first `visible` of `cols` adjacent scores become weights, the others zero.
template <class T>
void vector_softmax(T* row, std::int64_t visible, std::int64_t cols) {
    if (visible > 0) {
        const T sum = vector_math::exp_and_sum(row, visible, vector_math::row_max(row, visible));
        vector_math::scale(row, visible, 1 / sum);
    }
    std::fill(row + visible, row + cols, T{});
}

/// to[j] = from[j] for `cols` columns with these strides.
template <class T>
void copy_row(const T* from, std::int64_t from_stride, T* to, std::int64_t to_stride, std::int64_t cols) {
    if (from_stride == 1 && to_stride == 1) {
        std::copy_n(from, cols, to);
    } else {
        for (std::int64_t j = 0; j < cols; ++j) to[j * to_stride] = from[j * from_stride];
    }
}

}  // namespace headcount
