// gelu: x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3): the form with tanh of Hendrycks and Gimpel 2016, whose
// 0.5 (1 + tanh u) is sigmoid(2 u).
#pragma once

#include <cmath>

#include "harness/backend/verbs/elementwise.hpp"

namespace headcount {

struct GeluFunction {
    static constexpr std::string_view kName = "gelu", kVjpName = "gelu_vjp", kOp = "gelu";
    static constexpr OpCost kCost{.multiplies = 4, .adds = 2, .divides = 1, .exps = 1};
    static constexpr OpCost kVjpCost{.multiplies = 9, .adds = 5, .divides = 1, .exps = 1};

    template <class T>
    static T value(const T& x) {
        return x * sigmoid(x, x * x);
    }
    template <class T>
    static T vjp(const T& x, const T& dy) {
        const T square = x * x, s = sigmoid(x, square), one = static_cast<T>(1);
        const T inner = static_cast<T>(kLinear) + static_cast<T>(3) * static_cast<T>(kCubic) * square;  // of -2 u by x
        return dy * (s * (one - x * (one - s) * inner));
    }

private:
    static constexpr double kLinear = -1.5957691216057308, kCubic = 0.044715 * kLinear;  // of -2 u

    template <class T>
    static T sigmoid(const T& x, const T& square) {
        using std::exp;
        const T one = static_cast<T>(1);
        return one / (one + exp(x * (static_cast<T>(kLinear) + static_cast<T>(kCubic) * square)));
    }
};

using Gelu = Elementwise<GeluFunction>;
using GeluVjp = ElementwiseVjp<GeluFunction>;

}  // namespace headcount
