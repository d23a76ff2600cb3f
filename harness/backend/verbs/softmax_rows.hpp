// softmax_rows: row softmax, max-subtracted (Milakov and Gimelshein 2018, alg. 2), in place.
#pragma once

#include <cmath>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/softmax_rows_vjp.hpp"
#include "harness/backend/verbs/verb.hpp"
#include "harness/core/mask.hpp"

namespace headcount {

/// Masked scores become 0; a row without visible keys becomes all zeros. Rows must be finite.
struct SoftmaxRows {
    static constexpr std::string_view kName = "softmax_rows";
    Mask mask;
    Tensor scores;
    bool again = false;  ///< made before and not kept: executed once more, required only once

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.scores, Access::update);
    }
    bool fits() const { return true; }

    static Parts parts(const OpCost& softmax) { return {{.op = "softmax", .role = "", .cost = softmax}}; }
    Parts required() const { return again ? parts({}) : parts(divisions()); }
    Parts executed() const { return parts(divisions()); }
    /// Of kernels that multiply by one reciprocal a row.
    Parts reciprocals() const {
        OpCost cost = divisions();
        cost.multiplies = cost.divides;
        cost.divides = matrices() * mask.live_rows(scores.rows(), scores.cols());
        return parts(cost);
    }

    /// `pairs` scores of `rows` rows, each weight divided.
    static OpCost cost_of(std::int64_t pairs, std::int64_t rows) {
        return {.adds = pairs + pairs - rows, .compares = pairs - rows, .divides = pairs, .exps = pairs};
    }

    template <class T>
    void naive() const {
        for_each_matrix(scores, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> m = matrix_at<T>(scores, b, n, g);
            for (std::int64_t i = 0; i < m.rows; ++i) row_naive(m.row_range(i, 1), mask.keys(i, m.rows, m.cols));
        });
    }

    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        backend.run(role, SoftmaxRowsVjp{.mask = mask, .weights = scores, .derivative = derivatives.of(scores)});
    }

private:
    std::int64_t matrices() const { return scores.batch() * scores.kv_heads() * scores.group(); }
    OpCost divisions() const {
        OpCost cost = cost_of(matrices() * mask.pairs(scores.rows(), scores.cols()),
                              matrices() * mask.live_rows(scores.rows(), scores.cols()));
        cost.bytes_read = scores.bytes();
        cost.bytes_written = scores.bytes();
        return cost;
    }

    template <class T>
    static void row_naive(const Matrix<T>& row, const Keys& keys) {
        using std::exp;
        const std::int64_t begin = keys.sink > 0 ? 0 : keys.first;
        const auto each = [&](std::int64_t from, auto f) {
            for (std::int64_t j = from; j < keys.sink; ++j) f(row(0, j));
            for (std::int64_t j = std::max(from, keys.first); j < keys.last; ++j) f(row(0, j));
        };
        if (keys.count() > 0) {
            T peak = row(0, begin);
            each(begin + 1, [&](const T& x) {
                if (peak < x) peak = x;
            });
            each(begin, [&](T& x) { x = exp(x - peak); });
            T sum = row(0, begin);
            each(begin + 1, [&](const T& x) { sum = sum + x; });
            each(begin, [&](T& x) { x = x / sum; });
        }
        for (std::int64_t j = keys.sink; j < keys.first; ++j) row(0, j) = T{};
        for (std::int64_t j = keys.last; j < row.cols; ++j) row(0, j) = T{};
    }
};

}  // namespace headcount
