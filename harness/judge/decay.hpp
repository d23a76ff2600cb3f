// Steps of definitions whose sums fade: factors that are exponentials of sums of logarithms.
#pragma once

#include <cmath>
#include <cstdint>

#include "harness/judge/steps.hpp"

namespace headcount::judge {

namespace steps {

/// How far y = c exp(exponent) is off when the exponent is, and c within `of_c` of what multiplies the factor.
inline double of_factor(double y, double factor, double exponent_off, double of_c, const Rounding& rounding) {
    constexpr double kRoundings = 8;  // exp (up to 4 ulp) and the multiplication
    const double wider = std::expm1(exponent_off);
    return std::abs(y) * wider + factor * (1 + wider) * of_c + kRoundings * rounding.unit * std::abs(y) + rounding.tiny;
}

}  // namespace steps

/// exp(x) of every element.
template <class X>
auto exponentials(const X& x) {
    using std::exp;
    const auto from = view_of(x);
    using T = typename decltype(from)::Scalar;
    return each<T>(
        from, [&](std::int64_t i, std::int64_t j) { return exp(from.value[from.at(i, j)]); },
        [&](std::int64_t i, std::int64_t j, double y) {
            return steps::of_factor(y, y, from.total_at(from.at(i, j)), 0, from.rounding);
        });
}

/// x exp(upto - since), where upto has one row for all.
template <class X, class T>
Known<T> decayed(const X& x, const View<T>& upto, const View<T>& since) {
    using std::exp;
    const View<T> from = view_of(x);
    const auto exponent = [&](std::int64_t i, std::int64_t j) {
        return upto.value[upto.at(0, j)] - since.value[since.at(i, j)];
    };
    return each<T>(
        from, [&](std::int64_t i, std::int64_t j) { return from.value[from.at(i, j)] * exp(exponent(i, j)); },
        [&](std::int64_t i, std::int64_t j, double y) {
            double difference = 0;
            if constexpr (kBounded<T>) difference = exponent(i, j);
            const double off = upto.total_at(upto.at(0, j)) + since.total_at(since.at(i, j)) +
                               from.rounding.unit * std::abs(difference);
            return steps::of_factor(y, std::exp(difference), off, from.total_at(from.at(i, j)), from.rounding);
        });
}

/// x y element by element; y may have one row, or one column, for all of x.
template <class X, class Y>
auto times(const X& x, const Y& y) {
    const auto a = view_of(x);
    const auto b = view_of(y);
    using T = typename decltype(a)::Scalar;
    const auto at = [&](std::int64_t i, std::int64_t j) { return b.at(b.rows == 1 ? 0 : i, b.cols == 1 ? 0 : j); };
    return each<T>(
        a, [&](std::int64_t i, std::int64_t j) { return a.value[a.at(i, j)] * b.value[at(i, j)]; },
        [&](std::int64_t i, std::int64_t j, double z) {
            double error = 0;
            if constexpr (kBounded<T>) {
                const double of_a = a.total_at(a.at(i, j)), of_b = b.total_at(at(i, j));
                error = std::abs(a.value[a.at(i, j)]) * of_b + (std::abs(b.value[at(i, j)]) + of_b) * of_a;
            }
            return error + a.rounding.unit * std::abs(z) + a.rounding.tiny;
        });
}

}  // namespace headcount::judge
