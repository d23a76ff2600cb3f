// The steps that definitions are made of, in float64 with bounds or on any other scalar.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "harness/judge/bounds.hpp"
#include "harness/judge/known.hpp"

namespace headcount::judge {

// Every step takes Known or View. T needs +, -, *, /, < and exp: double, which comes with error bounds; a scalar that
// counts; one that carries derivatives. No step computes what the equation does not ask for, so that a counting scalar
// counts what the definition requires: a sum of n terms is n - 1 additions.

namespace steps {

/// y [m] = a [1, n] b [n, m]
template <class T>
void multiply(const View<T>& a, const View<T>& b, T* y) {
    if (b.col_stride == 1) {
        for (std::int64_t c = 0; c < a.cols; ++c) {
            const T factor = a.value[a.at(0, c)];
            const T* const row = b.value + b.at(c, 0);
            if (c == 0) {
                for (std::int64_t j = 0; j < b.cols; ++j) y[j] = factor * row[j];
            } else {
                for (std::int64_t j = 0; j < b.cols; ++j) y[j] = y[j] + factor * row[j];
            }
        }
        return;
    }
    for (std::int64_t j = 0; j < b.cols && a.cols > 0; ++j) {
        T sum = a.value[a.at(0, 0)] * b.value[b.at(0, j)];
        for (std::int64_t c = 1; c < a.cols; ++c) sum = sum + a.value[a.at(0, c)] * b.value[b.at(c, j)];
        y[j] = sum;
    }
}

template <class T>
Known<T> multiplied(const View<T>& a, View<T> b, std::int64_t terms) {
    Known<T> y(a.rows, b.cols, a.rounding);
    if (b.cols == 0) return y;  // a row without keys: there is nothing to point at
    for (std::int64_t i = 0; i < a.rows; ++i) multiply(a.row(i), b, y.value.data() + i * b.cols);
    if constexpr (kBounded<T>) {
        std::vector<double> squares;
        if (b.error == nullptr && b.squares == nullptr && a.error == nullptr) {
            squares = bounds::column_squares(b);
            b.squares = squares.data();
        }
        double* const error = y.with_errors();
        for (std::int64_t i = 0; i < a.rows; ++i) bounds::of_product(a.row(i), b, terms, error + i * b.cols);
        if (bounds::product_moves_together(a, b)) y.together = b.cols;
    }
    return y;
}

}  // namespace steps

/// x, held in a tensor: in bf16 every element is rounded once more.
template <class T>
Known<T> stored(Known<T> x) {
    x.stored = true;
    return x;
}

/// a b
template <class A, class B>
auto product(const A& a, const B& b) {
    return steps::multiplied(view_of(a), view_of(b), view_of(a).cols);
}

/// x w + b, stored; `b` without rows: no bias
template <class X, class T>
Known<T> projected(const X& x, const View<T>& w, const View<T>& b) {
    Known<T> y = steps::multiplied(view_of(x), w, w.rows + 1);
    for (std::int64_t i = 0; i < y.rows && b.rows > 0; ++i) {
        for (std::int64_t j = 0; j < y.cols; ++j) {
            const T bias = b.value[b.at(0, j)];
            const auto at = static_cast<std::size_t>(i * y.cols + j);
            y.value[at] = y.value[at] + bias;
            if constexpr (kBounded<T>) y.error[at] += 2 * y.rounding.unit * std::abs(bias);
        }
    }
    return stored(std::move(y));
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
    const auto from = view_of(x);
    using T = typename decltype(from)::Scalar;
    return each<T>(
        from, [&](std::int64_t i, std::int64_t j) { return from.value[from.at(i, j)] * static_cast<T>(factor); },
        [&](std::int64_t i, std::int64_t j, double y) {
            return std::abs(factor) * from.total_at(from.at(i, j)) + from.rounding.unit * std::abs(y);
        });
}

/// x + y
template <class X, class Y>
auto sum(const X& x, const Y& y) {
    const auto a = view_of(x);
    const auto b = view_of(y);
    using T = typename decltype(a)::Scalar;
    auto result = each<T>(
        a, [&](std::int64_t i, std::int64_t j) { return a.value[a.at(i, j)] + b.value[b.at(i, j)]; },
        [&](std::int64_t i, std::int64_t j, double z) {
            return std::hypot(a.total_at(a.at(i, j)), b.total_at(b.at(i, j))) + a.rounding.unit * std::abs(z);
        });
    result.together = std::max(a.together, b.together);
    return result;
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
    using std::exp;
    const auto scores = view_of(x);
    using T = typename decltype(scores)::Scalar;
    Known<T> weights(scores.rows, scores.cols, scores.rounding);
    if constexpr (kBounded<T>) weights.with_errors();
    for (std::int64_t i = 0; i < scores.rows && scores.cols > 0; ++i) {
        const View<T> s = scores.row(i);
        T* const w = weights.value.data() + i * s.cols;
        T peak = s.value[0];
        for (std::int64_t j = 1; j < s.cols; ++j) {
            if (peak < s.value[s.at(0, j)]) peak = s.value[s.at(0, j)];
        }
        for (std::int64_t j = 0; j < s.cols; ++j) w[j] = exp(s.value[s.at(0, j)] - peak);
        T total = w[0];
        for (std::int64_t j = 1; j < s.cols; ++j) total = total + w[j];
        for (std::int64_t j = 0; j < s.cols; ++j) w[j] = w[j] / total;
        if constexpr (kBounded<T>) bounds::of_softmax(s, w, peak, total, weights.error.data() + i * s.cols);
    }
    weights.together = scores.cols;
    return stored(std::move(weights));
}

/// part(0), part(1), ... side by side, `count` of them with one shape.
template <class Part>
auto concat(std::int64_t count, const Part& part) {
    const auto first = part(0);
    const std::int64_t width = first.cols;
    auto joined = first;
    joined.cols = count * width;
    joined.value.resize(static_cast<std::size_t>(joined.rows * joined.cols));
    joined.error.resize(first.error.empty() ? 0 : joined.value.size());
    const auto place = [&](const auto& x, std::int64_t h) {
        for (std::int64_t i = 0; i < joined.rows; ++i) {
            const std::int64_t to = i * joined.cols + h * width;
            std::copy_n(x.value.begin() + i * width, width, joined.value.begin() + to);
            if (!joined.error.empty()) std::copy_n(x.error.begin() + i * width, width, joined.error.begin() + to);
        }
    };
    place(first, 0);
    for (std::int64_t h = 1; h < count; ++h) place(part(h), h);
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

/// These rows of x, in this order: the keys that a row sees when they are not neighbours.
template <class X>
auto picked(const X& x, const std::vector<std::int64_t>& rows) {
    const auto from = view_of(x);
    using T = typename decltype(from)::Scalar;
    Known<T> y(static_cast<std::int64_t>(rows.size()), from.cols, from.rounding);
    y.stored = from.stored;
    y.together = from.together;
    if (from.error != nullptr) y.with_errors();
    std::size_t at = 0;
    for (const std::int64_t row : rows) {
        for (std::int64_t j = 0; j < from.cols; ++j, ++at) {
            y.value[at] = from.value[from.at(row, j)];
            if (from.error != nullptr) y.error[at] = from.error[from.at(row, j)];
        }
    }
    return y;
}

}  // namespace headcount::judge
