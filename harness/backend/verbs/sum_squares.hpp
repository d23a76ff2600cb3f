// sum_squares: the sum of the squares of all elements, one number.
#pragma once

#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"

namespace headcount {

struct SumSquares {
    static constexpr std::string_view kName = "sum_squares";
    Tensor from;
    Tensor to;  ///< [1,1,1,1,1]

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.from, Access::read);
        f(verb.to, Access::write);
    }
    bool fits() const { return to.elements() == 1 && from.dtype == to.dtype; }

    Parts required() const {
        const std::int64_t n = from.elements();
        return {{.op = "norm",
                 .role = "",
                 .cost = {.multiplies = n, .adds = n - 1, .bytes_read = from.bytes(), .bytes_written = to.bytes()}}};
    }

    template <class T>
    void naive() const {
        T sum{};
        bool begun = false;
        for_each_element<T>(
            [&](const T& x) {
                const T square = x * x;
                sum = begun ? sum + square : square;
                begun = true;
            },
            from);
        *to.at<T>(0, 0, 0) = sum;
    }
};

}  // namespace headcount
