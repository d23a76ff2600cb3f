// relu: max(x, 0).
#pragma once

#include "harness/backend/verbs/elementwise.hpp"

namespace headcount {

struct ReluFunction {
    static constexpr std::string_view kName = "relu", kVjpName = "relu_vjp", kOp = "relu";
    static constexpr OpCost kCost{.compares = 1}, kVjpCost{.compares = 1};

    template <class T>
    static T value(const T& x) {
        return T{} < x ? x : T{};
    }
    template <class T>
    static T vjp(const T& x, const T& dy) {
        return T{} < x ? dy : T{};
    }
};

using Relu = Elementwise<ReluFunction>;
using ReluVjp = ElementwiseVjp<ReluFunction>;

}  // namespace headcount
