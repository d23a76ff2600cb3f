// scale_columns: each column times a number of its own, or that is added to what is there.
#pragma once

#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"

namespace headcount {

/// to[0, j] = sum of a[.., i, j] b[.., i, j], or that is added to it: what scaling a column has as its derivative.
struct SumProducts {
    static constexpr std::string_view kName = "sum_products";
    Tensor a, b;
    Tensor to;  ///< [1,1,1,1,n]
    bool accumulate = false;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.a, Access::read);
        f(verb.b, Access::read);
        f(verb.to, verb.accumulate ? Access::update : Access::write);
    }
    bool fits() const {
        return a.extent == b.extent && to.cols() == a.cols() && to.elements() == to.cols() && to.dtype == a.dtype &&
               to.dtype == b.dtype;
    }

    Parts required() const {
        return {{.op = "scale_columns",
                 .role = "",
                 .cost = {.multiplies = a.elements(),
                          .adds = a.elements() - (accumulate ? 0 : to.cols()),
                          .bytes_read = a.bytes() + b.bytes() + (accumulate ? to.bytes() : 0),
                          .bytes_written = to.bytes()}}};
    }

    template <class T>
    void naive() const {
        const Matrix<T> sum = matrix_at<T>(to, 0, 0, 0);
        bool begun = accumulate;
        for_each_matrix(a, [&](std::int64_t i, std::int64_t n, std::int64_t g) {
            const Matrix<T> x = matrix_at<T>(a, i, n, g), y = matrix_at<T>(b, i, n, g);
            for (std::int64_t row = 0; row < x.rows; ++row, begun = true) {
                for (std::int64_t j = 0; j < x.cols; ++j) {
                    const T product = x(row, j) * y(row, j);
                    sum(0, j) = begun ? sum(0, j) + product : product;
                }
            }
        });
    }
};

/// to = from * by, column by column, or that is added to it.
struct ScaleColumns {
    static constexpr std::string_view kName = "scale_columns";
    Tensor from;
    Tensor by;  ///< [1,1,1,1,n]
    Tensor to;
    bool accumulate = false;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.from, Access::read);
        f(verb.by, Access::read);
        f(verb.to, verb.accumulate ? Access::update : Access::write);
    }
    bool fits() const {
        return from.extent == to.extent && by.cols() == to.cols() && by.elements() == by.cols() &&
               from.dtype == to.dtype && by.dtype == to.dtype;
    }

    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        const Tensor d_to = derivatives.of(to);
        backend.run(role,
                    SumProducts{.a = d_to, .b = from, .to = derivatives.of(by), .accumulate = derivatives.holds(by)});
        if (!derivatives.wants(from)) return;
        backend.run(
            role,
            ScaleColumns{.from = d_to, .by = by, .to = derivatives.of(from), .accumulate = derivatives.holds(from)});
    }

    Parts required() const {
        return {{.op = "scale_columns",
                 .role = "",
                 .cost = {.multiplies = to.elements(),
                          .adds = accumulate ? to.elements() : 0,
                          .bytes_read = from.bytes() + by.bytes() + (accumulate ? to.bytes() : 0),
                          .bytes_written = to.bytes()}}};
    }

    template <class T>
    void naive() const {
        for_each_matrix(to, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> x = matrix_at<T>(from, b, n, g), y = matrix_at<T>(to, b, n, g);
            const Matrix<T> factor = matrix_at<T>(by, 0, 0, 0);
            for (std::int64_t i = 0; i < y.rows; ++i) {
                for (std::int64_t j = 0; j < y.cols; ++j) {
                    const T product = x(i, j) * factor(0, j);
                    y(i, j) = accumulate ? y(i, j) + product : product;
                }
            }
        });
    }
};

}  // namespace headcount
