#include "harness/backend/shared_rows.hpp"

#include "harness/backend/shared_verbs.hpp"
#include "harness/backend/vector_math.hpp"
#include "harness/backend/verbs/add.hpp"
#include "harness/backend/verbs/copy.hpp"
#include "harness/backend/verbs/softmax_rows.hpp"
#include "harness/backend/verbs/softmax_rows_vjp.hpp"
#include "harness/backend/verbs/sum_rows.hpp"
#include "harness/backend/verbs/zero.hpp"
#include "harness/core/mask.hpp"

namespace headcount {
namespace {

/// Columns that a thread sums at least: a cache line of f32, which no two threads then write.
constexpr std::int64_t kFewestColumns = 16;

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

/// Row `row` of the matrix at a leading index; a leading extent of 1 broadcasts.
template <class T>
T* row_of(const Tensor& t, std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t row) {
    return matrix_at<T>(t, b, n, g).row_range(row, 1).data;
}

template <class T>
void share(ThreadPool& pool, const SoftmaxRows& verb) {
    const Tensor& scores = verb.scores;
    if (!adjacent(scores)) {
        verb.naive<T>();
        return;
    }
    share_rows(pool, scores, [&](std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t row) {
        vector_softmax(scores.at<T>(b, n, g, row), verb.mask.keys(row, scores.rows(), scores.cols()), scores.cols());
    });
}

/// Of a row of weights and the derivative by them.
template <class T>
void vector_softmax_vjp(const T* weights, T* derivative, const Keys& seen, std::int64_t cols) {
    const std::int64_t count = seen.last - seen.first;
    T sum = vector_math::dot(weights + seen.first, derivative + seen.first, count);
    if (seen.sink > 0) sum += vector_math::dot(weights, derivative, seen.sink);
    vector_math::shift_and_multiply(derivative + seen.first, weights + seen.first, count, sum);
    if (seen.sink > 0) vector_math::shift_and_multiply(derivative, weights, seen.sink, sum);
    std::fill(derivative + seen.sink, derivative + seen.first, T{});
    std::fill(derivative + seen.last, derivative + cols, T{});
}

template <class T>
void share(ThreadPool& pool, const SoftmaxRowsVjp& verb) {
    const Tensor &weights = verb.weights, &derivative = verb.derivative;
    if (!adjacent(weights) || !adjacent(derivative)) {
        verb.naive<T>();
        return;
    }
    share_rows(pool, weights, [&](std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t row) {
        vector_softmax_vjp(weights.at<T>(b, n, g, row), derivative.at<T>(b, n, g, row),
                           verb.mask.keys(row, weights.rows(), weights.cols()), weights.cols());
    });
}

template <class T>
void share(ThreadPool& pool, const Copy& verb) {
    const Tensor &from = verb.from, &to = verb.to;
    share_rows(pool, to, [&](std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t row) {
        copy_row(from.at<T>(b, n, g, row), from.stride[4], to.at<T>(b, n, g, row), to.stride[4], to.cols());
    });
}

template <class T>
void share(ThreadPool& pool, const Add& verb) {
    const Tensor &from = verb.from, &to = verb.to;
    if (!adjacent(from) || !adjacent(to)) {
        verb.naive<T>();
        return;
    }
    share_rows(pool, to, [&](std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t row) {
        vector_math::add(row_of<T>(from, b, n, g, row), to.at<T>(b, n, g, row), to.cols());
    });
}

template <class T>
void share(ThreadPool& pool, const Zero& verb) {
    const Tensor& to = verb.to;
    if (!adjacent(to)) {
        verb.naive<T>();
        return;
    }
    share_rows(pool, to, [&](std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t row) {
        std::fill_n(to.at<T>(b, n, g, row), to.cols(), T{});
    });
}

/// Threads take columns, not rows: no sum is divided, and each column adds its rows in the order of the readable loop.
template <class T>
void share(ThreadPool& pool, const SumRows& verb) {
    const Tensor &from = verb.from, &to = verb.to;
    if (!adjacent(from) || !adjacent(to)) {
        verb.naive<T>();
        return;
    }
    const std::int64_t most = (to.cols() + kFewestColumns - 1) / kFewestColumns;
    const std::int64_t shares =
        from.elements() < kSmallestSharedElements ? 1 : std::min<std::int64_t>(most, pool.num_threads());
    pool.run(shares, [&](std::int64_t share, int /*thread*/) {
        const std::int64_t first = to.cols() * share / shares, last = to.cols() * (share + 1) / shares;
        T* const sum = to.at<T>(0, 0, 0, 0, 0) + first;
        bool begun = verb.accumulate;
        for_each_matrix(from, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            for (std::int64_t row = 0; row < from.rows(); ++row, begun = true) {
                const T* const piece = from.at<T>(b, n, g, row) + first;
                if (begun) {
                    vector_math::add(piece, sum, last - first);
                } else {
                    std::copy_n(piece, last - first, sum);
                }
            }
        });
    });
}

}  // namespace

bool share_verb_of_rows(ThreadPool& pool, const Verb& verb) {
    const auto run = [&](auto one, const auto& v) { share<decltype(one)>(pool, v); };
    return shares(verb, &SoftmaxRows::scores, run) || shares(verb, &SoftmaxRowsVjp::derivative, run) ||
           shares(verb, &Copy::to, run) || shares(verb, &Add::to, run) || shares(verb, &Zero::to, run) ||
           shares(verb, &SumRows::to, run) || share_verb_of_models(pool, verb);
}

}  // namespace headcount
