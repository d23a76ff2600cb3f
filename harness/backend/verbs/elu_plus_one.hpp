// elu_plus_one: elu(x) + 1, which is x + 1 above zero and exp(x) below: a positive feature (Katharopoulos et al. 2020).
#pragma once

#include <cmath>

#include "harness/backend/verbs/elementwise.hpp"

namespace headcount {

struct EluPlusOneFunction {
    static constexpr std::string_view kName = "elu_plus_one", kVjpName = "elu_plus_one_vjp", kOp = "features";
    static constexpr OpCost kCost{.adds = 1, .compares = 1, .exps = 1};
    static constexpr OpCost kVjpCost{.multiplies = 1, .compares = 1, .exps = 1};

    // max(x, 0) + exp(min(x, 0)): one path for both signs, so that the work does not depend on the numbers.
    template <class T>
    static T value(const T& x) {
        using std::exp;
        const bool below = x < T{};
        return (below ? T{} : x) + exp(below ? x : T{});
    }
    template <class T>
    static T vjp(const T& x, const T& dy) {
        using std::exp;
        return dy * exp(x < T{} ? x : T{});
    }
};

using EluPlusOne = Elementwise<EluPlusOneFunction>;
using EluPlusOneVjp = ElementwiseVjp<EluPlusOneFunction>;

}  // namespace headcount
