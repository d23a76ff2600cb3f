// decayed_scores: the products of queries and keys of a block, each column decayed by the gates between the two.
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"
#include "harness/core/mask.hpp"

namespace headcount {

/// Queries and keys that end at the same place, and the running sums of the logarithms of the gates.
struct DecayedBlock {
    Tensor q;     ///< [batch, kv_head, group, r, d]
    Tensor k;     ///< [batch, kv_head, 1, m, d], m no smaller than r
    Tensor sums;  ///< of the shape of k

    bool fits(const Tensor& scores) const {
        return k.extent == sums.extent && k.group() == 1 && k.rows() >= q.rows() && k.cols() == q.cols() &&
               k.batch() == q.batch() && k.kv_heads() == q.kv_heads() && k.dtype == q.dtype &&
               scores.extent == std::array{q.batch(), q.kv_heads(), q.group(), q.rows(), k.rows()} &&
               scores.dtype == q.dtype;
    }
    std::int64_t place(std::int64_t row) const { return k.rows() - q.rows() + row; }
    /// Columns of all pairs, that of a group once.
    std::int64_t pairs() const {
        return k.batch() * k.kv_heads() * Mask{.causal = true}.pairs(q.rows(), k.rows()) * k.cols();
    }
    std::int64_t bytes() const { return q.bytes() + k.bytes() + sums.bytes(); }

    /// f(b, n, row, key, column, exp(what the key's column has been gated by before the row))
    template <class T, class F>
    void each(F f) const {
        using std::exp;
        for (std::int64_t b = 0; b < k.batch(); ++b) {
            for (std::int64_t n = 0; n < k.kv_heads(); ++n) {
                const Matrix<T> s = matrix_at<T>(sums, b, n, 0);
                for (std::int64_t i = 0; i < q.rows(); ++i) {
                    for (std::int64_t j = 0; j <= place(i); ++j) {
                        for (std::int64_t a = 0; a < k.cols(); ++a) f(b, n, i, j, a, exp(s(place(i), a) - s(j, a)));
                    }
                }
            }
        }
    }
};

/// With e the factor and w = sum over the group of d_scores q:
///   d_q = sum over keys of d_scores k e,  d_k = sum over rows of w e,
///   d_sums = sum of w k e where a place is the row's, less that where it is the key's
/// or these are added to what is there.
struct DecayedScoresVjp {
    static constexpr std::string_view kName = "decayed_scores_vjp";
    DecayedBlock block;
    Tensor d_scores;
    Tensor d_q, d_k, d_sums;
    bool add_to_q = false, add_to_k = false, add_to_sums = false;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        const auto access = [](bool add) { return add ? Access::update : Access::write; };
        f(verb.block.q, Access::read);
        f(verb.block.k, Access::read);
        f(verb.block.sums, Access::read);
        f(verb.d_scores, Access::read);
        f(verb.d_q, access(verb.add_to_q));
        f(verb.d_k, access(verb.add_to_k));
        f(verb.d_sums, access(verb.add_to_sums));
    }
    bool fits() const {
        return block.fits(d_scores) && d_q.extent == block.q.extent && d_k.extent == block.k.extent &&
               d_sums.extent == block.sums.extent;
    }

    /// Each derivative's first term needs no addition.
    Parts required() const {
        OpCost cost = all();
        cost.adds -=
            (add_to_q ? 0 : d_q.elements()) + (add_to_k ? 0 : d_k.elements()) + (add_to_sums ? 0 : d_sums.elements());
        return {{.op = "decay", .role = "", .cost = cost}};
    }
    /// The loops add to zeros.
    Parts executed() const { return {{.op = "decay", .role = "", .cost = all()}}; }

    template <class T>
    void naive() const {
        for (const auto& [t, add] : {std::pair{d_q, add_to_q}, {d_k, add_to_k}, {d_sums, add_to_sums}}) {
            if (!add) for_each_element<T>([](T& x) { x = T{}; }, t);
        }
        block.each<T>(
            [&](std::int64_t b, std::int64_t n, std::int64_t i, std::int64_t j, std::int64_t a, const T& factor) {
                const T key = *block.k.at<T>(b, n, 0, j, a) * factor;
                T weight{};
                for (std::int64_t g = 0; g < block.q.group(); ++g) {
                    const T& d = *d_scores.at<T>(b, n, g, i, j);
                    add(*d_q.at<T>(b, n, g, i, a), d * key);
                    const T term = d * *block.q.at<T>(b, n, g, i, a);
                    weight = g == 0 ? term : weight + term;
                }
                add(*d_k.at<T>(b, n, 0, j, a), weight * factor);
                const T slope = weight * key;
                add(*d_sums.at<T>(b, n, 0, block.place(i), a), slope);
                T& of_key = *d_sums.at<T>(b, n, 0, j, a);
                of_key = of_key - slope;
            });
    }

private:
    OpCost all() const {
        const std::int64_t pairs = block.pairs(), group = block.q.group();
        return {.multiplies = pairs * (3 + 2 * group),
                .adds = pairs * (3 + 2 * group),
                .exps = pairs,
                .bytes_read = block.bytes() + d_scores.bytes() + (add_to_q ? d_q.bytes() : 0) +
                              (add_to_k ? d_k.bytes() : 0) + (add_to_sums ? d_sums.bytes() : 0),
                .bytes_written = block.bytes()};
    }
    template <class T>
    static void add(T& to, const T& x) {
        to = to + x;
    }
};

/// scores_ij = sum over columns of q_i k_j exp(sums_i - sums_j) for each key up to the row's own place, zero for
/// others. No exponent is above zero, however long the block: a quotient of products of gates would overflow.
struct DecayedScores {
    static constexpr std::string_view kName = "decayed_scores";
    DecayedBlock block;
    Tensor scores;  ///< [batch, kv_head, group, r, m]

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.block.q, Access::read);
        f(verb.block.k, Access::read);
        f(verb.block.sums, Access::read);
        f(verb.scores, Access::write);
    }
    bool fits() const { return block.fits(scores); }

    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        backend.run(role, DecayedScoresVjp{.block = block,
                                           .d_scores = derivatives.of(scores),
                                           .d_q = derivatives.of(block.q),
                                           .d_k = derivatives.of(block.k),
                                           .d_sums = derivatives.of(block.sums),
                                           .add_to_q = derivatives.holds(block.q),
                                           .add_to_k = derivatives.holds(block.k),
                                           .add_to_sums = derivatives.holds(block.sums)});
    }

    Parts required() const {
        const std::int64_t pairs = block.pairs(), products = pairs * block.q.group();
        return {{.op = "matmul",
                 .role = "",
                 .cost = {.multiplies = products,
                          .adds = products - products / block.q.cols(),
                          .bytes_read = block.q.bytes() + block.k.bytes(),
                          .bytes_written = scores.bytes()}},
                {.op = "decay",
                 .role = "",
                 .cost = {.multiplies = pairs, .adds = pairs, .exps = pairs, .bytes_read = block.sums.bytes()}}};
    }

    template <class T>
    void naive() const {
        for_each_element<T>([](T& x) { x = T{}; }, scores);
        block.each<T>(
            [&](std::int64_t b, std::int64_t n, std::int64_t i, std::int64_t j, std::int64_t a, const T& factor) {
                const T key = *block.k.at<T>(b, n, 0, j, a) * factor;
                for (std::int64_t g = 0; g < scores.group(); ++g) {
                    const T term = *block.q.at<T>(b, n, g, i, a) * key;
                    T& score = *scores.at<T>(b, n, g, i, j);
                    score = a == 0 ? term : score + term;
                }
            });
    }
};

}  // namespace headcount
