// The steps that definitions are made of, in float64 with bounds or on any other scalar.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "harness/core/counted.hpp"
#include "harness/core/dual.hpp"
#include "harness/judge/bounds.hpp"
#include "harness/judge/known.hpp"

namespace headcount::judge {

// Every step takes Known or View. T needs +, -, *, /, < and exp: double, which comes with error bounds; a scalar that
// counts; one that carries derivatives. No step computes what the equation does not ask for, so that a counting scalar
// counts what the definition requires: a sum of n terms is n - 1 additions.

/// What has no function of a definition's in it: compiled once for each scalar (steps.cpp) and not in every definition.
template <class T>
struct Steps {
    static Known<T> multiplied(const View<T>& a, View<T> b, std::int64_t terms);
    static Known<T> projected(const View<T>& x, const View<T>& w, const View<T>& b);
    static Known<T> scaled(const View<T>& x, double factor);
    static Known<T> sum(const View<T>& a, const View<T>& b);
    static Known<T> softmax(const View<T>& scores);
    static Known<T> picked(const View<T>& from, const std::vector<std::int64_t>& rows);
    /// `first`, in the leftmost of `count` places side by side.
    static Known<T> widened(const Known<T>& first, std::int64_t count);
    /// Puts x into columns `first` and following of `all`.
    static void place(const Known<T>& x, std::int64_t first, Known<T>& all);
    static void append(const Known<T>& x, Known<T>& all);
};

template <class X>
using ScalarOf = typename decltype(view_of(std::declval<const X&>()))::Scalar;

/// x, held in a tensor: in bf16 every element is rounded once more.
template <class T>
Known<T> stored(Known<T> x) {
    x.stored = true;
    return x;
}

/// a b
template <class A, class B>
auto product(const A& a, const B& b) {
    return Steps<ScalarOf<A>>::multiplied(view_of(a), view_of(b), a.cols);
}

/// x w + b, stored; `b` without rows: no bias
template <class X, class T>
Known<T> projected(const X& x, const View<T>& w, const View<T>& b) {
    return Steps<T>::projected(view_of(x), w, b);
}

/// Element by element: value(i) of every element and error(i), how far a kernel may be off there.
template <class T, class Value, class Error>
Known<T> each(const View<T>& x, const Value& value, const Error& error) {
    Known<T> y(x.rows, x.cols, x.rounding);
    y.together = x.together;
    if constexpr (kBounded<T>) y.with_errors();
    for (std::int64_t i = 0; i < x.rows; ++i) {
        for (std::int64_t j = 0; j < x.cols; ++j) {
            const auto at = static_cast<std::size_t>(i * x.cols + j);
            y.value[at] = value(i, j);
            if constexpr (kBounded<T>) y.error[at] = error(i, j, y.value[at]);
        }
    }
    return y;
}

/// factor x
template <class X>
auto scaled(const X& x, double factor) {
    return Steps<ScalarOf<X>>::scaled(view_of(x), factor);
}

/// x + y
template <class X, class Y>
auto sum(const X& x, const Y& y) {
    return Steps<ScalarOf<X>>::sum(view_of(x), view_of(y));
}

/// f(x) of every element. `f` must rise or fall throughout: then its values at both ends of what a kernel may hold
/// bound what it makes of it. `roundings` is how many units a kernel's own `f` may err by.
template <class X, class F>
auto applied(const X& x, const F& f, double roundings) {
    const auto from = view_of(x);
    using T = typename decltype(from)::Scalar;
    return each<T>(
        from, [&](std::int64_t i, std::int64_t j) { return f(from.value[from.at(i, j)]); },
        [&](std::int64_t i, std::int64_t j, double y) {
            double error = roundings * from.rounding.unit * std::abs(y) + from.rounding.tiny;
            if constexpr (kBounded<T>) {
                const double at = from.value[from.at(i, j)];
                const double off = from.total_at(from.at(i, j));
                error += std::max(std::abs(f(at + off) - y), std::abs(y - f(at - off)));
            }
            return error;
        });
}

/// Softmax of every row, stored. Errors of a row's weights may all go one way: they share the row's query.
template <class X>
auto softmax(const X& x) {
    return Steps<ScalarOf<X>>::softmax(view_of(x));
}

/// part(0), part(1), ... side by side, `count` of them with one shape.
template <class Part>
auto concat(std::int64_t count, const Part& part) {
    auto joined = part(0);
    using T = ScalarOf<decltype(joined)>;
    const std::int64_t width = joined.cols;
    joined = Steps<T>::widened(std::move(joined), count);
    for (std::int64_t h = 1; h < count; ++h) Steps<T>::place(part(h), h * width, joined);
    return joined;
}

/// x and y side by side, of equally many rows and as they are: of different widths, and both stored.
template <class T>
Known<T> beside(const Known<T>& x, const Known<T>& y) {
    Known<T> both(x.rows, x.cols + y.cols, x.rounding);
    both.stored = x.stored && y.stored;
    if constexpr (kBounded<T>) both.with_errors();
    for (std::int64_t i = 0; i < both.rows; ++i) {
        for (std::int64_t j = 0; j < both.cols; ++j) {
            const bool left = j < x.cols;
            const View<T> from = left ? x.view() : y.view();
            const std::int64_t at = from.at(i, left ? j : j - x.cols);
            both.value[static_cast<std::size_t>(i * both.cols + j)] = from.value[at];
            if constexpr (kBounded<T>) both.error[static_cast<std::size_t>(i * both.cols + j)] = from.error_at(at);
        }
    }
    return both;
}

/// part(0), part(1), ... below each other, `count` of them with one shape.
template <class Part>
auto stacked(std::int64_t count, const Part& part) {
    auto all = part(0);
    for (std::int64_t i = 1; i < count; ++i) Steps<ScalarOf<decltype(all)>>::append(part(i), all);
    return all;
}

/// These rows of x, in this order: the keys that a row sees when they are not neighbours.
template <class X>
auto picked(const X& x, const std::vector<std::int64_t>& rows) {
    return Steps<ScalarOf<X>>::picked(view_of(x), rows);
}

extern template struct Steps<double>;
extern template struct Steps<Counted>;
extern template struct Steps<Dual>;

}  // namespace headcount::judge
