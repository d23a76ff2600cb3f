// Steps of definitions that carry sums along the length, and linear attention made of them.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/judge/definition.hpp"
#include "harness/judge/given.hpp"
#include "harness/judge/steps.hpp"

namespace headcount::judge {

/// How the sum over the keys that a causal row sees is ordered; rounding and work differ, the function does not.
struct SumOrder {
    std::string_view form;
    std::int64_t chunk = 1;
};

/// Like Steps, of sums along the length (linear.cpp).
template <class T>
struct Sums {
    static Known<T> accumulated(Known<T> c, const View<T>& a, const View<T>& b);
    static Known<T> running(const View<T>& x);
    static Known<T> divided(const View<T>& x, const View<T>& d, double epsilon);
    /// linear_attention() once the features of all queries and keys are there.
    static Known<T> attended(const Given<T>& given, Row row, const SumOrder& order, const View<T>& q, const View<T>& k);
};

/// x, whose elements in a row may all be off one way where their errors are limits (bf16).
template <class T>
Known<T> limited(Known<T> x) {
    if (x.rounding.storage > 0) x.together = x.cols;
    return x;
}

/// c + a b, each term added to c by itself.
template <class T, class A, class B>
Known<T> accumulated(Known<T> c, const A& a, const B& b) {
    return Sums<T>::accumulated(std::move(c), view_of(a), view_of(b));
}

/// Row i of the result is the sum of the rows 0 to i of x.
template <class X>
auto running_sums(const X& x) {
    return Sums<ScalarOf<X>>::running(view_of(x));
}

/// x / (d + epsilon), where d is one number a row and no smaller than zero.
template <class X, class D>
auto divided(const X& x, const D& d, double epsilon) {
    return Sums<ScalarOf<X>>::divided(view_of(x), view_of(d), epsilon);
}

/// Zeros, exactly.
template <class T>
Known<T> zeros(const View<T>& like, std::int64_t rows, std::int64_t cols) {
    Known<T> none(rows, cols, like.rounding);
    if constexpr (kBounded<T>) none.with_errors();
    return none;
}

/// phi(q_i) sum_j phi(k_j)^T v_j / (phi(q_i) sum_j phi(k_j) + epsilon) for all heads of a row, over the keys that it
/// sees. `phi` makes the features of a head's rows.
template <class T, class Phi>
Known<T> linear_attention(const Given<T>& given, Row row, const SumOrder& order, const Phi& phi) {
    const Problem& p = given.problem();
    const std::int64_t heads = p.num_heads, kv_heads = p.num_kv_heads;
    const auto k = given.once("features of keys", row.batch, [&] {
        return concat(kv_heads, [&](std::int64_t h) { return limited(phi(given.k(row.batch).head(h, kv_heads))); });
    });
    const auto q = given.once("features of queries", row.batch, [&] {
        return stacked(p.q_len, [&](std::int64_t i) {
            const auto all = given.q({.batch = row.batch, .index = i});
            return concat(heads, [&](std::int64_t h) { return limited(phi(all.head(h, heads))); });
        });
    });
    return Sums<T>::attended(given, row, order, q, k);
}

extern template struct Sums<double>;
extern template struct Sums<Counted>;
extern template struct Sums<Dual>;

}  // namespace headcount::judge
