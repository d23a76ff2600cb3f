// A double that counts every multiply, add, compare, divide and exp made with it.
#pragma once

#include <cmath>

#include "harness/core/op_cost.hpp"

namespace headcount {

/// The scalar of DType::counted. Subtractions count as adds; assignments and conversions are free.
class Counted {
public:
    /// Everything counted on this thread so far; set it to {} to start anew.
    static OpCost& tally() {
        thread_local OpCost counts;
        return counts;
    }

    Counted() = default;
    explicit Counted(double value) : value_(value) {}
    double value() const { return value_; }

    friend Counted operator*(Counted a, Counted b) { return ++tally().multiplies, Counted(a.value_ * b.value_); }
    friend Counted operator+(Counted a, Counted b) { return ++tally().adds, Counted(a.value_ + b.value_); }
    friend Counted operator-(Counted a, Counted b) { return ++tally().adds, Counted(a.value_ - b.value_); }
    friend Counted operator/(Counted a, Counted b) { return ++tally().divides, Counted(a.value_ / b.value_); }
    friend bool operator<(Counted a, Counted b) { return ++tally().compares, a.value_ < b.value_; }
    /// As much work as a division, and counted as one.
    friend Counted sqrt(Counted a) { return ++tally().divides, Counted(std::sqrt(a.value_)); }
    friend Counted exp(Counted a) { return ++tally().exps, Counted(std::exp(a.value_)); }
    // Counted like an exponential, which takes about as long.
    friend Counted log(Counted a) { return ++tally().exps, Counted(std::log(a.value_)); }
    friend Counted erf(Counted a) { return ++tally().exps, Counted(std::erf(a.value_)); }
    friend Counted tanh(Counted a) { return ++tally().exps, Counted(std::tanh(a.value_)); }

private:
    double value_ = 0;
};
static_assert(sizeof(Counted) == size_t{8}, "size_in_bytes(DType::counted)");

}  // namespace headcount
