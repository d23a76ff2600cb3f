// A double with an imaginary part too small to change it, from which a derivative is read.
#pragma once

#include <cmath>
#include <complex>

namespace headcount::testing {

/// For an analytic f the imaginary part of f(x + i h v) is h times the derivative along v, but for a term of the order
/// h^3. No difference is taken, so nothing cancels however small h is (Squire and Trapp 1998). The rules of arithmetic
/// are those of std::complex: no rule of differentiation is written here.
class ComplexStep {
public:
    ComplexStep() = default;
    explicit ComplexStep(double value, double slope = 0) : number_(value, kStep * slope) {}
    double value() const { return number_.real(); }
    double slope() const { return number_.imag() / kStep; }

    friend ComplexStep operator*(const ComplexStep& a, const ComplexStep& b) {
        return ComplexStep(a.number_ * b.number_);
    }
    friend ComplexStep operator+(const ComplexStep& a, const ComplexStep& b) {
        return ComplexStep(a.number_ + b.number_);
    }
    friend ComplexStep operator-(const ComplexStep& a, const ComplexStep& b) {
        return ComplexStep(a.number_ - b.number_);
    }
    friend ComplexStep operator/(const ComplexStep& a, const ComplexStep& b) {
        return ComplexStep(a.number_ / b.number_);
    }
    /// A branch follows the real part: which score is the largest has no derivative.
    friend bool operator<(const ComplexStep& a, const ComplexStep& b) { return a.value() < b.value(); }
    friend ComplexStep exp(const ComplexStep& a) { return ComplexStep(std::exp(a.number_)); }
    friend ComplexStep log(const ComplexStep& a) { return ComplexStep(std::log(a.number_)); }
    friend ComplexStep tanh(const ComplexStep& a) { return ComplexStep(std::tanh(a.number_)); }

private:
    explicit ComplexStep(const std::complex<double>& number) : number_(number) {}

    static constexpr double kStep = 0x1p-100;  // about 1e-30; a power of two, so that scaling by it rounds nothing
    std::complex<double> number_;
};

}  // namespace headcount::testing
