// decay: every number times the exponential of what its column has been gated by between two places.
#pragma once

#include <cmath>
#include <optional>
#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"

namespace headcount {

/// The logarithms of the factors: upto - since, or upto alone, one a column for all rows where both have one row.
struct DecayExponents {
    Tensor upto;                  ///< [batch, kv_head, 1, r or 1, n]
    std::optional<Tensor> since;  ///< [batch, kv_head, 1, r, n]

    bool fits(const Tensor& x) const {
        const auto suits = [&](const Tensor& t) {
            return t.batch() == x.batch() && t.kv_heads() == x.kv_heads() && t.group() == 1 && t.cols() == x.cols() &&
                   (t.rows() == x.rows() || t.rows() == 1) && t.dtype == x.dtype;
        };
        return suits(upto) && (!since || (suits(*since) && since->rows() == x.rows()));
    }
    std::int64_t rows() const { return since ? since->rows() : upto.rows(); }
    std::int64_t factors() const { return upto.batch() * upto.kv_heads() * rows() * upto.cols(); }
    std::int64_t bytes() const { return upto.bytes() + (since ? since->bytes() : 0); }
    std::int64_t row_of_upto(std::int64_t i) const { return upto.rows() == 1 ? 0 : i; }

    /// f(b, n, j, i, last, factor) for every factor and the rows [i, last) of column j that have it.
    template <class T, class F>
    void each(std::int64_t all_rows, F f) const {
        using std::exp;
        for (std::int64_t b = 0; b < upto.batch(); ++b) {
            for (std::int64_t n = 0; n < upto.kv_heads(); ++n) {
                for (std::int64_t i = 0; i < rows(); ++i) {
                    for (std::int64_t j = 0; j < upto.cols(); ++j) {
                        T exponent = *upto.at<T>(b, n, 0, row_of_upto(i), j);
                        if (since) exponent = exponent - *since->at<T>(b, n, 0, i, j);
                        f(b, n, j, i, rows() == 1 ? all_rows : i + 1, exp(exponent));
                    }
                }
            }
        }
    }
};

/// d_from = factor d_to; d_upto = sum of d_from from, d_since = -that, over all that share the exponent; or these are
/// added to what is there. Of `from` and not of `to`, which a product may have been added to since.
struct DecayVjp {
    static constexpr std::string_view kName = "decay_vjp";
    DecayExponents by;
    Tensor from, d_to;
    Tensor d_from, d_upto;
    std::optional<Tensor> d_since;
    bool add_to_from = false, add_to_upto = false, add_to_since = false;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        const auto access = [](bool add) { return add ? Access::update : Access::write; };
        f(verb.by.upto, Access::read);
        if (verb.by.since) f(*verb.by.since, Access::read);
        f(verb.from, Access::read);
        f(verb.d_to, Access::read);
        f(verb.d_from, access(verb.add_to_from));
        f(verb.d_upto, access(verb.add_to_upto));
        if (verb.d_since) f(*verb.d_since, access(verb.add_to_since));
    }
    bool fits() const {
        return by.fits(from) && d_to.extent == from.extent && d_from.extent == from.extent &&
               d_upto.extent == by.upto.extent && d_since.has_value() == by.since.has_value() &&
               (!d_since || d_since->extent == by.since->extent);
    }

    Parts required() const {
        const std::int64_t n = from.elements(), factors = by.factors();
        // The sums over groups and rows, once for both of upto and since.
        std::int64_t adds = n - factors + (add_to_from ? n : 0) + (by.since ? factors : 0);
        adds += factors - (add_to_upto ? 0 : by.upto.elements());
        if (by.since) adds += factors;
        return {{.op = "decay",
                 .role = "",
                 .cost = {.multiplies = 2 * n,
                          .adds = adds,
                          .exps = factors,
                          .bytes_read = by.bytes() + from.bytes() + d_to.bytes() + (add_to_from ? d_from.bytes() : 0) +
                                        (add_to_upto ? d_upto.bytes() : 0) + (add_to_since ? d_since->bytes() : 0),
                          .bytes_written = d_from.bytes() + by.bytes()}}};
    }

    template <class T>
    void naive() const {
        by.each<T>(from.rows(), [&](std::int64_t b, std::int64_t n, std::int64_t j, std::int64_t first,
                                    std::int64_t last, const T& factor) {
            T sum{};
            for (std::int64_t g = 0; g < from.group(); ++g) {
                for (std::int64_t i = first; i < last; ++i) {
                    const T slope = *d_to.at<T>(b, n, g, i, j) * factor;
                    T& dx = *d_from.at<T>(b, n, g, i, j);
                    dx = add_to_from ? dx + slope : slope;
                    const T term = slope * *from.at<T>(b, n, g, i, j);
                    sum = g == 0 && i == first ? term : sum + term;
                }
            }
            T& dupto = *d_upto.at<T>(b, n, 0, by.row_of_upto(first), j);
            const bool begun = add_to_upto || (by.upto.rows() == 1 && first > 0);
            dupto = begun ? dupto + sum : sum;
            if (!d_since) return;
            T& dsince = *d_since->at<T>(b, n, 0, first, j);
            dsince = (add_to_since ? dsince : T{}) - sum;
        });
    }
};

/// to = from exp(upto - since), column by column
struct Decay {
    static constexpr std::string_view kName = "decay";
    DecayExponents by;
    Tensor from, to;  ///< [batch, kv_head, group, r, n]

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.by.upto, Access::read);
        if (verb.by.since) f(*verb.by.since, Access::read);
        f(verb.from, Access::read);
        f(verb.to, Access::write);
    }
    bool fits() const { return by.fits(to) && from.extent == to.extent && from.dtype == to.dtype; }

    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        DecayVjp vjp{.by = by,
                     .from = from,
                     .d_to = derivatives.of(to),
                     .d_from = derivatives.of(from),
                     .d_upto = derivatives.of(by.upto),
                     .d_since = {},
                     .add_to_from = derivatives.holds(from),
                     .add_to_upto = derivatives.holds(by.upto)};
        if (by.since) {
            vjp.d_since = derivatives.of(*by.since);
            vjp.add_to_since = derivatives.holds(*by.since);
        }
        backend.run(role, vjp);
    }

    Parts required() const {
        return {{.op = "decay",
                 .role = "",
                 .cost = {.multiplies = to.elements(),
                          .adds = by.since ? by.factors() : 0,
                          .exps = by.factors(),
                          .bytes_read = by.bytes() + from.bytes(),
                          .bytes_written = to.bytes()}}};
    }

    template <class T>
    void naive() const {
        by.each<T>(to.rows(), [&](std::int64_t b, std::int64_t n, std::int64_t j, std::int64_t first, std::int64_t last,
                                  const T& factor) {
            for (std::int64_t g = 0; g < to.group(); ++g) {
                for (std::int64_t i = first; i < last; ++i)
                    *to.at<T>(b, n, g, i, j) = *from.at<T>(b, n, g, i, j) * factor;
            }
        });
    }
};

}  // namespace headcount
