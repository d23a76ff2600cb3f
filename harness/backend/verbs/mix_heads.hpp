// mix_heads: every new head's scores are a weighed sum of all heads' scores of the same pair (Shazeer et al. 2020).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"
#include "harness/core/mask.hpp"

namespace headcount {

/// All heads of a tensor in a row, whichever of them share a key head.
inline std::int64_t heads_of(const Tensor& t) { return t.kv_heads() * t.group(); }

/// Query row `row` of head `head`.
template <class T>
Matrix<T> head_row(const Tensor& t, std::int64_t batch, std::int64_t head, std::int64_t row) {
    return matrix_at<T>(t, batch, head / t.group(), head % t.group()).row_range(row, 1);
}

/// f(key) for every key in view.
template <class F>
void for_each_key(const Keys& keys, F f) {
    for (std::int64_t j = 0; j < keys.sink; ++j) f(j);
    for (std::int64_t j = keys.first; j < keys.last; ++j) f(j);
}

/// weights[h, g] = sum of from_h d_to_g over the batch and all pairs that the mask shows, or that is added to it.
struct MixHeadsVjp {
    static constexpr std::string_view kName = "mix_heads_vjp";
    Tensor from, d_to;
    Tensor d_weights;  ///< [1,1,1, heads of from, heads of d_to]
    Mask mask;
    bool accumulate = false;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.from, Access::read);
        f(verb.d_to, Access::read);
        f(verb.d_weights, verb.accumulate ? Access::update : Access::write);
    }
    bool fits() const {
        return from.batch() == d_to.batch() && from.rows() == d_to.rows() && from.cols() == d_to.cols() &&
               d_weights.rows() == heads_of(from) && d_weights.cols() == heads_of(d_to);
    }

    Parts required() const {
        const std::int64_t sums = heads_of(from) * heads_of(d_to);
        const std::int64_t terms = from.batch() * mask.pairs(from.rows(), from.cols());
        const std::int64_t begun = accumulate ? 0 : std::min<std::int64_t>(terms, 1);
        return {{.op = "mix",
                 .role = "",
                 .cost = {.multiplies = sums * terms,
                          .adds = sums * (terms - begun),
                          .bytes_read = from.bytes() + d_to.bytes() + (accumulate ? d_weights.bytes() : 0),
                          .bytes_written = d_weights.bytes()}}};
    }

    template <class T>
    void naive() const {
        const Matrix<T> sums = matrix_at<T>(d_weights, 0, 0, 0);
        for (std::int64_t h = 0; h < sums.rows; ++h) {
            for (std::int64_t g = 0; g < sums.cols; ++g) {
                T sum = accumulate ? sums(h, g) : T{};
                add_pairs(h, g, sum);
                sums(h, g) = sum;
            }
        }
    }

private:
    template <class T>
    void add_pairs(std::int64_t h, std::int64_t g, T& sum) const {
        bool begun = accumulate;
        for (std::int64_t b = 0; b < from.batch(); ++b) {
            for (std::int64_t i = 0; i < from.rows(); ++i) {
                const Matrix<T> x = head_row<T>(from, b, h, i), d = head_row<T>(d_to, b, g, i);
                for_each_key(mask.keys(i, from.rows(), from.cols()), [&](std::int64_t j) {
                    const T term = x(0, j) * d(0, j);
                    sum = begun ? sum + term : term;
                    begun = true;
                });
            }
        }
    }
};

/// to_g = sum over h of from_h weights[h, g] on the pairs that the mask shows, or added to it there. Elsewhere `from`
/// is not read, and `to` becomes zero.
struct MixHeads {
    static constexpr std::string_view kName = "mix_heads";
    Tensor from;     ///< [batch, kv_head, group, row, key]: heads are counted across kv_head and group
    Tensor weights;  ///< [1,1,1, heads of from, heads of to]
    Tensor to;
    Mask mask;
    bool accumulate = false;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.from, Access::read);
        f(verb.weights, Access::read);
        f(verb.to, verb.accumulate ? Access::update : Access::write);
    }
    bool fits() const {
        return from.batch() == to.batch() && from.rows() == to.rows() && from.cols() == to.cols() &&
               weights.rows() == heads_of(from) && weights.cols() == heads_of(to) &&
               weights.elements() == weights.rows() * weights.cols() && from.dtype == to.dtype &&
               weights.dtype == to.dtype;
    }

    /// By `from` the same mixing with the transposed weights, by the weights sums over all pairs.
    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        const Tensor d_to = derivatives.of(to);
        backend.run(role, MixHeadsVjp{.from = from,
                                      .d_to = d_to,
                                      .d_weights = derivatives.of(weights),
                                      .mask = mask,
                                      .accumulate = derivatives.holds(weights)});
        backend.run(role, MixHeads{.from = d_to,
                                   .weights = weights.transposed(),
                                   .to = derivatives.of(from),
                                   .mask = mask,
                                   .accumulate = derivatives.holds(from)});
    }

    Parts required() const {
        const std::int64_t sums = heads_of(to) * to.batch() * mask.pairs(to.rows(), to.cols());
        return {{.op = "mix",
                 .role = "",
                 .cost = {.multiplies = sums * heads_of(from),
                          .adds = sums * (heads_of(from) - (accumulate ? 0 : 1)),
                          .bytes_read = from.bytes() + weights.bytes() + (accumulate ? to.bytes() : 0),
                          .bytes_written = to.bytes()}}};
    }

    template <class T>
    void naive() const {
        const Matrix<T> factors = matrix_at<T>(weights, 0, 0, 0);
        for (std::int64_t b = 0; b < to.batch(); ++b) {
            for (std::int64_t i = 0; i < to.rows(); ++i) {
                const Keys keys = mask.keys(i, to.rows(), to.cols());
                for (std::int64_t g = 0; g < factors.cols; ++g) row_naive(factors, b, i, g, keys);
            }
        }
    }

private:
    template <class T>
    void row_naive(const Matrix<T>& factors, std::int64_t b, std::int64_t i, std::int64_t g, const Keys& keys) const {
        const Matrix<T> y = head_row<T>(to, b, g, i);
        for (std::int64_t h = 0; h < factors.rows; ++h) {
            const Matrix<T> x = head_row<T>(from, b, h, i);
            const T factor = factors(h, g);
            if (h == 0 && !accumulate) {
                for_each_key(keys, [&](std::int64_t j) { y(0, j) = factor * x(0, j); });
            } else {
                for_each_key(keys, [&](std::int64_t j) { y(0, j) = y(0, j) + factor * x(0, j); });
            }
        }
        if (accumulate) return;
        for (std::int64_t j = keys.sink; j < keys.first; ++j) y(0, j) = T{};
        for (std::int64_t j = keys.last; j < y.cols; ++j) y(0, j) = T{};
    }
};

}  // namespace headcount
