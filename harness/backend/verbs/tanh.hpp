// tanh: the hyperbolic tangent of each element.
#pragma once

#include <cmath>

#include "harness/backend/verbs/elementwise.hpp"

namespace headcount {

struct TanhFunction {
    static constexpr std::string_view kName = "tanh", kVjpName = "tanh_vjp", kOp = "tanh";
    static constexpr OpCost kCost{.exps = 1};
    static constexpr OpCost kVjpCost{.multiplies = 2, .adds = 1, .exps = 1};

    template <class T>
    static T value(const T& x) {
        using std::tanh;
        return tanh(x);
    }
    template <class T>
    static T vjp(const T& x, const T& dy) {
        const T y = value(x);
        return dy * (static_cast<T>(1) - y * y);
    }
};

using Tanh = Elementwise<TanhFunction>;
using TanhVjp = ElementwiseVjp<TanhFunction>;

}  // namespace headcount
