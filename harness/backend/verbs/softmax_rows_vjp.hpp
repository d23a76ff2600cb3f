// softmax_rows_vjp: from the derivative by softmax's weights to that by its scores, in place.
#pragma once

#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"
#include "harness/core/mask.hpp"

namespace headcount {

/// d_j = w_j (d_j - sum_k d_k w_k) over the keys that a row sees, zero elsewhere.
struct SoftmaxRowsVjp {
    static constexpr std::string_view kName = "softmax_rows_vjp";
    Mask mask;
    Tensor weights;     ///< what softmax_rows made
    Tensor derivative;  ///< by the weights; afterwards by the scores

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.weights, Access::read);
        f(verb.derivative, Access::update);
    }
    bool fits() const { return weights.extent == derivative.extent && weights.dtype == derivative.dtype; }

    /// Two products and two additions a pair, but for the first of each row's sum.
    Parts required() const {
        const std::int64_t matrices = weights.batch() * weights.kv_heads() * weights.group();
        const std::int64_t pairs = matrices * mask.pairs(weights.rows(), weights.cols());
        const std::int64_t rows = matrices * mask.live_rows(weights.rows(), weights.cols());
        return {{.op = "softmax",
                 .role = "",
                 .cost = {.multiplies = 2 * pairs,
                          .adds = 2 * pairs - rows,
                          .bytes_read = weights.bytes() + derivative.bytes(),
                          .bytes_written = derivative.bytes()}}};
    }

    template <class T>
    void naive() const {
        for_each_matrix(weights, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> w = matrix_at<T>(weights, b, n, g), d = matrix_at<T>(derivative, b, n, g);
            for (std::int64_t i = 0; i < w.rows; ++i)
                row_naive(w.row_range(i, 1), d.row_range(i, 1), mask.keys(i, w.rows, w.cols));
        });
    }

    /// One row; also what a backend does with the pieces that its vectors do not fill.
    template <class T>
    static void row_naive(const Matrix<T>& w, const Matrix<T>& d, const Keys& keys) {
        const auto each = [&](auto f) {
            for (std::int64_t j = 0; j < keys.sink; ++j) f(j);
            for (std::int64_t j = keys.first; j < keys.last; ++j) f(j);
        };
        T sum{};
        bool begun = false;
        each([&](std::int64_t j) {
            const T term = d(0, j) * w(0, j);
            sum = begun ? sum + term : term;
            begun = true;
        });
        each([&](std::int64_t j) { d(0, j) = w(0, j) * (d(0, j) - sum); });
        for (std::int64_t j = keys.sink; j < keys.first; ++j) d(0, j) = T{};
        for (std::int64_t j = keys.last; j < d.cols; ++j) d(0, j) = T{};
    }
};

}  // namespace headcount
