// running_sum: each row is the sum of all rows of another tensor up to its own place, or from there on.
#pragma once

#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/along_length.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"

namespace headcount {

/// to_i = sum of from_j over the j that row i has taken in (AlongLength); zero for a row that has taken in none. A
/// single row `to` is the sum of all.
struct RunningSum {
    static constexpr std::string_view kName = "running_sum";
    Tensor from;  ///< [.., m, n]
    Tensor to;    ///< [.., r, n]
    bool backwards = false;
    bool accumulate = false;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.from, Access::read);
        f(verb.to, verb.accumulate ? Access::update : Access::write);
    }
    bool fits() const {
        return from.batch() == to.batch() && from.kv_heads() == to.kv_heads() && from.group() == to.group() &&
               from.cols() == to.cols() && from.dtype == to.dtype;
    }

    /// What a row took in counts for each row behind it: the sum the other way round.
    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        backend.run(role, RunningSum{.from = derivatives.of(to),
                                     .to = derivatives.of(from),
                                     .backwards = !backwards,
                                     .accumulate = derivatives.holds(from)});
    }

    Parts required() const {
        const std::int64_t columns = to.elements() / to.rows();
        return {{.op = "sum",
                 .role = "",
                 .cost = {.adds = columns * (along().all_taken() - 1 + (accumulate ? along().live_rows() : 0)),
                          .bytes_read = from.bytes() + (accumulate ? to.bytes() : 0),
                          .bytes_written = to.bytes()}}};
    }

    template <class T>
    void naive() const {
        for_each_matrix(to, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> x = matrix_at<T>(from, b, n, g), y = matrix_at<T>(to, b, n, g);
            for (std::int64_t j = 0; j < y.cols; ++j) column_naive(x, y, j);
        });
    }

private:
    AlongLength along() const { return {.rows = to.rows(), .keys = from.rows(), .backwards = backwards}; }

    template <class T>
    void column_naive(const Matrix<T>& x, const Matrix<T>& y, std::int64_t j) const {
        const AlongLength order = along();
        T sum{};
        std::int64_t taken = 0;
        for (std::int64_t step = 0; step < y.rows; ++step) {
            for (; taken < order.taken(step); ++taken) {
                const T& next = x(order.key(taken), j);
                sum = taken == 0 ? next : sum + next;
            }
            T& here = y(order.row(step), j);
            if (!accumulate) here = sum;
            if (accumulate && taken > 0) here = here + sum;
        }
    }
};

}  // namespace headcount
