// weighted_difference: a - factor b, pair by pair; the factor is one learned number (Ye et al. 2024).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"
#include "harness/core/mask.hpp"

namespace headcount {

/// Calls f(b, n, g, i, j) for every pair that the mask shows.
template <class F>
void for_each_pair(const Tensor& scores, const Mask& mask, F f) {
    for_each_matrix(scores, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
        for (std::int64_t i = 0; i < scores.rows(); ++i) {
            const Keys keys = mask.keys(i, scores.rows(), scores.cols());
            for (std::int64_t j = 0; j < keys.sink; ++j) f(b, n, g, i, j);
            for (std::int64_t j = keys.first; j < keys.last; ++j) f(b, n, g, i, j);
        }
    });
}

/// d_a = d_to, d_b = -factor d_to, d_factor = -sum of d_to b, or these are added to what is there. Where the mask hides
/// a pair, d_to is not read, and what is written and not added to becomes zero.
struct WeightedDifferenceVjp {
    static constexpr std::string_view kName = "weighted_difference_vjp";
    Tensor b, factor, d_to;
    Tensor d_a, d_b, d_factor;
    Mask mask;
    bool add_to_a = false, add_to_b = false, add_to_factor = false;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        const auto access = [](bool add) { return add ? Access::update : Access::write; };
        f(verb.b, Access::read);
        f(verb.factor, Access::read);
        f(verb.d_to, Access::read);
        f(verb.d_a, access(verb.add_to_a));
        f(verb.d_b, access(verb.add_to_b));
        f(verb.d_factor, access(verb.add_to_factor));
    }
    bool fits() const {
        return b.extent == d_to.extent && d_a.extent == d_to.extent && d_b.extent == d_to.extent &&
               factor.elements() == 1 && d_factor.elements() == 1;
    }

    Parts required() const {
        const std::int64_t pairs = b.batch() * b.kv_heads() * b.group() * mask.pairs(b.rows(), b.cols());
        const std::int64_t added = (add_to_a ? pairs : 0) + (add_to_b ? pairs : 0);
        // Two signs are changed, each by a subtraction from what is there or from zero.
        return {{.op = "subtract",
                 .role = "",
                 .cost = {.multiplies = 2 * pairs,
                          .adds = pairs - std::min<std::int64_t>(pairs, 1) + added + 2,
                          .bytes_read = b.bytes() + factor.bytes() + d_to.bytes() + (add_to_a ? d_a.bytes() : 0) +
                                        (add_to_b ? d_b.bytes() : 0) + (add_to_factor ? factor.bytes() : 0),
                          .bytes_written = d_a.bytes() + d_b.bytes() + d_factor.bytes()}}};
    }

    template <class T>
    void naive() const {
        const auto clear = [](T& x) { x = T{}; };
        if (!add_to_a) for_each_element<T>(clear, d_a);
        if (!add_to_b) for_each_element<T>(clear, d_b);
        const T minus = T{} - *factor.at<T>(0, 0, 0);
        T sum{};
        bool begun = false;
        for_each_pair(d_to, mask, [&](auto... at) {
            const T& dy = *d_to.at<T>(at...);
            T &da = *d_a.at<T>(at...), &db = *d_b.at<T>(at...);
            da = add_to_a ? da + dy : dy;
            const T of_b = minus * dy, term = dy * *b.at<T>(at...);
            db = add_to_b ? db + of_b : of_b;
            sum = begun ? sum + term : term;
            begun = true;
        });
        T& total = *d_factor.at<T>(0, 0, 0);
        total = (add_to_factor ? total : T{}) - sum;
    }
};

/// to = a - factor b on the pairs that the mask shows, zero elsewhere. `to` may be `a`, where nobody asks for a
/// derivative.
struct WeightedDifference {
    static constexpr std::string_view kName = "weighted_difference";
    Tensor a, b;    ///< [batch, kv_head, group, row, key]
    Tensor factor;  ///< [1,1,1,1,1]
    Tensor to;
    Mask mask;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.a, Access::read);
        f(verb.b, Access::read);
        f(verb.factor, Access::read);
        f(verb.to, Access::write);
    }
    bool fits() const {
        return a.extent == to.extent && b.extent == to.extent && factor.elements() == 1 && a.dtype == to.dtype &&
               b.dtype == to.dtype && factor.dtype == to.dtype;
    }

    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        backend.run(role, WeightedDifferenceVjp{.b = b,
                                                .factor = factor,
                                                .d_to = derivatives.of(to),
                                                .d_a = derivatives.of(a),
                                                .d_b = derivatives.of(b),
                                                .d_factor = derivatives.of(factor),
                                                .mask = mask,
                                                .add_to_a = derivatives.holds(a),
                                                .add_to_b = derivatives.holds(b),
                                                .add_to_factor = derivatives.holds(factor)});
    }

    Parts required() const {
        const std::int64_t pairs = to.batch() * to.kv_heads() * to.group() * mask.pairs(to.rows(), to.cols());
        return {{.op = "subtract",
                 .role = "",
                 .cost = {.multiplies = pairs,
                          .adds = pairs,
                          .bytes_read = a.bytes() + b.bytes() + factor.bytes(),
                          .bytes_written = to.bytes()}}};
    }

    template <class T>
    void naive() const {
        const T by = *factor.at<T>(0, 0, 0);
        for_each_matrix(to, [&](std::int64_t m, std::int64_t n, std::int64_t g) {
            for (std::int64_t i = 0; i < to.rows(); ++i) {
                const Matrix<T> x = matrix_at<T>(a, m, n, g).row_range(i, 1),
                                y = matrix_at<T>(b, m, n, g).row_range(i, 1);
                row_naive(x, y, by, matrix_at<T>(to, m, n, g).row_range(i, 1), mask.keys(i, to.rows(), to.cols()));
            }
        });
    }

private:
    template <class T>
    static void row_naive(const Matrix<T>& x, const Matrix<T>& y, const T& by, const Matrix<T>& z, const Keys& keys) {
        const auto subtract = [&](std::int64_t first, std::int64_t last) {
            for (std::int64_t j = first; j < last; ++j) z(0, j) = x(0, j) - by * y(0, j);
        };
        subtract(0, keys.sink);
        subtract(keys.first, keys.last);
        for (std::int64_t j = keys.sink; j < keys.first; ++j) z(0, j) = T{};
        for (std::int64_t j = keys.last; j < z.cols; ++j) z(0, j) = T{};
    }
};

}  // namespace headcount
