// gelu_exact: x times the normal distribution function, x / 2 (1 + erf(x / sqrt 2)) (Hendrycks and Gimpel 2016).
#pragma once

#include <cmath>
#include <numbers>

#include "harness/backend/verbs/elementwise.hpp"

namespace headcount {

/// One erf is counted as one exponential. gelu.hpp has the form with tanh.
struct GeluExactFunction {
    static constexpr std::string_view kName = "gelu_exact", kVjpName = "gelu_exact_vjp", kOp = "gelu";
    static constexpr OpCost kCost{.multiplies = 3, .adds = 1, .exps = 1};
    static constexpr OpCost kVjpCost{.multiplies = 7, .adds = 2, .exps = 2};

    template <class T>
    static T value(const T& x) {
        return x * distribution(x);
    }
    template <class T>
    static T vjp(const T& x, const T& dy) {
        using std::exp;
        const T density = static_cast<T>(kHeight) * exp(static_cast<T>(-0.5) * (x * x));
        return dy * (distribution(x) + x * density);
    }

private:
    static constexpr double kHeight = std::numbers::inv_sqrtpi / std::numbers::sqrt2;

    template <class T>
    static T distribution(const T& x) {
        using std::erf;
        return static_cast<T>(0.5) * (static_cast<T>(1) + erf(x * static_cast<T>(1 / std::numbers::sqrt2)));
    }
};

using GeluExact = Elementwise<GeluExactFunction>;
using GeluExactVjp = ElementwiseVjp<GeluExactFunction>;

}  // namespace headcount
