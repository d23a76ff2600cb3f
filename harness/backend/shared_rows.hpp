// Work on rows of a tensor, shared among threads when that pays, and what backends with vectors do to a row.
#pragma once

#include <algorithm>
#include <cstdint>

#include "harness/backend/vector_math.hpp"
#include "harness/backend/verbs/copy.hpp"
#include "harness/backend/verbs/softmax_rows.hpp"
#include "harness/core/mask.hpp"
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

/// Of `cols` adjacent scores those that are seen become weights, the others zero.
template <class T>
void vector_softmax(T* row, const Keys& seen, std::int64_t cols) {
    T* const piece = row + seen.first;
    const std::int64_t count = seen.last - seen.first;
    if (count > 0) {
        T peak = vector_math::row_max(piece, count);
        if (seen.sink > 0) peak = std::max(peak, vector_math::row_max(row, seen.sink));
        T sum = vector_math::exp_and_sum(piece, count, peak);
        if (seen.sink > 0) sum += vector_math::exp_and_sum(row, seen.sink, peak);
        vector_math::scale(piece, count, 1 / sum);
        if (seen.sink > 0) vector_math::scale(row, seen.sink, 1 / sum);
    }
    std::fill(row + seen.sink, piece, T{});
    std::fill(row + seen.last, row + cols, T{});
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

/// softmax_rows with vectors, where the scores of a row are adjacent.
template <class T>
void share_softmax_rows(ThreadPool& pool, const SoftmaxRows& verb) {
    const Tensor& scores = verb.scores;
    if (scores.stride[4] != 1 && scores.cols() != 1) {
        verb.naive<T>();
        return;
    }
    share_rows(pool, scores, [&](std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t row) {
        vector_softmax(scores.at<T>(b, n, g, row), verb.mask.keys(row, scores.rows(), scores.cols()), scores.cols());
    });
}

/// copy, row by row.
template <class T>
void share_copy(ThreadPool& pool, const Copy& verb) {
    const Tensor &from = verb.from, &to = verb.to;
    share_rows(pool, to, [&](std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t row) {
        copy_row(from.at<T>(b, n, g, row), from.stride[4], to.at<T>(b, n, g, row), to.stride[4], to.cols());
    });
}

}  // namespace headcount
