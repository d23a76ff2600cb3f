// A double with its derivative along one direction: forward differentiation, exact to rounding.
#pragma once

#include <cmath>

namespace headcount {

class Dual {
public:
    Dual() = default;
    explicit Dual(double value, double slope = 0) : value_(value), slope_(slope) {}
    double value() const { return value_; }
    double slope() const { return slope_; }

    friend Dual operator*(Dual a, Dual b) {
        return Dual(a.value_ * b.value_, a.slope_ * b.value_ + a.value_ * b.slope_);
    }
    friend Dual operator+(Dual a, Dual b) { return Dual(a.value_ + b.value_, a.slope_ + b.slope_); }
    friend Dual operator-(Dual a, Dual b) { return Dual(a.value_ - b.value_, a.slope_ - b.slope_); }
    friend Dual operator/(Dual a, Dual b) {
        const double quotient = a.value_ / b.value_;
        return Dual(quotient, (a.slope_ - quotient * b.slope_) / b.value_);
    }
    friend bool operator<(Dual a, Dual b) { return a.value_ < b.value_; }
    friend Dual exp(Dual a) {
        const double value = std::exp(a.value_);
        return Dual(value, value * a.slope_);
    }
    friend Dual log(Dual a) { return Dual(std::log(a.value_), a.slope_ / a.value_); }
    friend Dual tanh(Dual a) {
        const double value = std::tanh(a.value_);
        return Dual(value, (1 - value * value) * a.slope_);
    }

private:
    double value_ = 0, slope_ = 0;
};

}  // namespace headcount
