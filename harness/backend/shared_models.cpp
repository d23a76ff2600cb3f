// Verbs that models need around their attention, in vectors and where it pays on all threads.
#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "harness/backend/shared_rows.hpp"
#include "harness/backend/shared_verbs.hpp"
#include "harness/backend/vector_math.hpp"
#include "harness/backend/vector_models.hpp"
#include "harness/backend/verbs/cross_entropy.hpp"
#include "harness/backend/verbs/gelu.hpp"
#include "harness/backend/verbs/gelu_exact.hpp"
#include "harness/backend/verbs/layer_norm.hpp"

namespace headcount {
namespace {

/// f(b, n, g, row) for each row on all threads where T is float and rows lie so; otherwise the readable loops.
template <class T, class V, class F>
void in_f32(ThreadPool& pool, const V& verb, const Tensor& rows, bool neighbours, const F& f) {
    if constexpr (std::is_same_v<T, float>) {
        if (neighbours) {
            share_rows(pool, rows, f);
            return;
        }
    }
    verb.template naive<T>();
}

template <class T>
void share(ThreadPool& pool, const Gelu& verb) {
    in_f32<T>(pool, verb, verb.to, adjacent(verb.from) && adjacent(verb.to), [&](auto... at) {
        vector_math::gelu(verb.from.at<float>(at...), verb.to.at<float>(at...), verb.to.cols());
    });
}

template <class T>
void share(ThreadPool& pool, const GeluVjp& verb) {
    const bool neighbours = adjacent(verb.from) && adjacent(verb.d_to) && adjacent(verb.d_from);
    in_f32<T>(pool, verb, verb.d_from, neighbours, [&](auto... at) {
        vector_math::gelu_vjp(verb.from.at<float>(at...), verb.d_to.at<float>(at...), verb.d_from.at<float>(at...),
                              verb.from.cols(), verb.accumulate);
    });
}

/// The erf of f64 is the library's.
template <class T>
void share(ThreadPool& pool, const GeluExact& verb) {
    in_f32<T>(pool, verb, verb.to, adjacent(verb.from) && adjacent(verb.to), [&](auto... at) {
        vector_math::gelu_exact(verb.from.at<float>(at...), verb.to.at<float>(at...), verb.to.cols());
    });
}

template <class T>
void share(ThreadPool& pool, const LayerNorm& verb) {
    const Tensor &from = verb.from, &to = verb.to;
    if (!adjacent(from) || !adjacent(to) || !adjacent(verb.gain) || !adjacent(verb.shift)) {
        verb.naive<T>();
        return;
    }
    const T *const gain = verb.gain.at<T>(0, 0, 0), *const shift = verb.shift.at<T>(0, 0, 0);
    share_rows(pool, to, [&](auto... at) {
        vector_math::layer_norm(from.at<T>(at...), gain, shift, to.at<T>(at...), to.cols(), verb.epsilon);
    });
}

/// On one thread: all rows add to the same derivatives of gain and shift.
template <class T>
void share(ThreadPool& /*pool*/, const LayerNormVjp& verb) {
    if constexpr (std::is_same_v<T, float>) {
        const bool neighbours = adjacent(verb.from) && adjacent(verb.d_to) && adjacent(verb.d_from) &&
                                adjacent(verb.gain) && adjacent(verb.d_gain) && adjacent(verb.d_shift);
        if (neighbours) {
            const std::int64_t cols = verb.from.cols();
            auto *const d_gain = verb.d_gain.at<float>(0, 0, 0), *const d_shift = verb.d_shift.at<float>(0, 0, 0);
            if (!verb.add_to_gain) std::fill_n(d_gain, cols, 0.0F);
            if (!verb.add_to_shift) std::fill_n(d_shift, cols, 0.0F);
            for_each_matrix(verb.from, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
                for (std::int64_t i = 0; i < verb.from.rows(); ++i) {
                    vector_math::layer_norm_vjp({.x = verb.from.at<float>(b, n, g, i),
                                                 .gain = verb.gain.at<float>(0, 0, 0),
                                                 .dy = verb.d_to.at<float>(b, n, g, i),
                                                 .dx = verb.d_from.at<float>(b, n, g, i),
                                                 .d_gain = d_gain,
                                                 .d_shift = d_shift,
                                                 .add_to_dx = verb.add_to_from},
                                                cols, verb.epsilon);
                }
            });
            return;
        }
    }
    verb.naive<T>();
}

/// On one thread: the rows are added up in their order.
template <class T>
void share(ThreadPool& /*pool*/, const CrossEntropy& verb) {
    const Tensor& scores = verb.scores;
    if (!adjacent(scores)) {
        verb.naive<T>();
        return;
    }
    const std::int64_t cols = scores.cols();
    std::vector<T> weights(static_cast<std::size_t>(cols));
    double total = 0;
    for_each_matrix(scores, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
        const Matrix<T> right = matrix_at<T>(verb.classes, b, n, g);
        for (std::int64_t i = 0; i < scores.rows(); ++i) {
            const T* const row = scores.at<T>(b, n, g, i);
            const T peak = vector_math::row_max(row, cols);
            std::copy_n(row, cols, weights.data());
            const T sum = vector_math::exp_and_sum(weights.data(), cols, peak);
            total += static_cast<double>(std::log(sum) - (row[id_at(right, i)] - peak));
        }
    });
    *verb.loss.at<T>(0, 0, 0) =
        static_cast<T>(total * static_cast<double>(cols) / static_cast<double>(scores.elements()));
}

template <class T>
void share(ThreadPool& pool, const CrossEntropyVjp& verb) {
    const Tensor &scores = verb.scores, &to = verb.d_scores;
    if (!adjacent(scores) || !adjacent(to)) {
        verb.naive<T>();
        return;
    }
    const std::int64_t cols = scores.cols();
    const T share = *verb.d_loss.at<T>(0, 0, 0) *
                    static_cast<T>(static_cast<double>(cols) / static_cast<double>(scores.elements()));
    share_rows(pool, to, [&](std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t i) {
        T* const row = to.at<T>(b, n, g, i);
        std::copy_n(scores.at<T>(b, n, g, i), cols, row);
        const T sum = vector_math::exp_and_sum(row, cols, vector_math::row_max(row, cols));
        vector_math::scale(row, cols, share / sum);
        row[id_at(matrix_at<T>(verb.classes, b, n, g), i)] -= share;
    });
}

}  // namespace

bool share_verb_of_models(ThreadPool& pool, const Verb& verb) {
    const auto run = [&](auto one, const auto& v) { share<decltype(one)>(pool, v); };
    return shares(verb, &Gelu::to, run) || shares(verb, &GeluVjp::d_from, run) || shares(verb, &GeluExact::to, run) ||
           shares(verb, &LayerNorm::to, run) || shares(verb, &LayerNormVjp::d_from, run) ||
           shares(verb, &CrossEntropy::scores, run) || shares(verb, &CrossEntropyVjp::d_scores, run);
}

}  // namespace headcount
