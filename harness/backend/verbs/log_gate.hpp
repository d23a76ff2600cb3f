// log_gate: log(sigmoid(x)^(1 / tau)), the logarithm of a gate between 0 and 1 that stays close to 1 (Yang et al.
// 2023).
#pragma once

#include <cmath>

#include "harness/backend/verbs/elementwise.hpp"

namespace headcount {

struct LogGateFunction {
    static constexpr std::string_view kName = "log_gate", kVjpName = "log_gate_vjp", kOp = "gate";
    static constexpr OpCost kCost{.multiplies = 1, .adds = 3, .compares = 1, .exps = 2};
    static constexpr OpCost kVjpCost{.multiplies = 1, .adds = 1, .divides = 1, .exps = 1};
    double tau = 1;

    /// min(x, 0) - log(1 + exp(-|x|)), which overflows nowhere.
    template <class T>
    T value(const T& x) const {
        using std::exp;
        using std::log;
        const T opposite = T{} - x;
        const bool below = x < T{};
        return ((below ? x : T{}) - log(static_cast<T>(1) + exp(below ? x : opposite))) * static_cast<T>(1 / tau);
    }
    template <class T>
    T vjp(const T& x, const T& dy) const {
        using std::exp;
        return dy * static_cast<T>(1 / tau) / (static_cast<T>(1) + exp(x));
    }
};

using LogGate = Elementwise<LogGateFunction>;
using LogGateVjp = ElementwiseVjp<LogGateFunction>;

}  // namespace headcount
