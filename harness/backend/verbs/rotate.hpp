// rotate: each row turned by its position, in place (rotary embedding, Su et al. 2021, equation 34).
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"

namespace headcount {

/// Columns 2i and 2i + 1 of row r are a point of a plane, which turns by (first + r) theta_i with
/// theta_i = base^(-2i / cols). Dot products of two such rows see only how far apart their positions are.
struct Rotate {
    static constexpr std::string_view kName = "rotate";
    Tensor x;                ///< columns in pairs
    std::int64_t first = 0;  ///< position of the first row; may be negative
    bool back = false;       ///< the other way round
    double base = 10000;     ///< above 0; the larger, the slower the last planes turn

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.x, Access::update);
    }
    bool fits() const { return x.cols() % 2 == 0; }

    /// A rotation is orthogonal: its transpose turns back.
    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        backend.run(role, Rotate{.x = derivatives.of(x), .first = first, .back = !back, .base = base});
    }

    /// Four products and two additions a pair. Sines and cosines follow from positions and not from data; as the
    /// constants of any other verb they are not counted.
    Parts required() const {
        const std::int64_t n = x.elements();
        return {{.op = "rotate",
                 .role = "",
                 .cost = {.multiplies = 2 * n, .adds = n, .bytes_read = x.bytes(), .bytes_written = x.bytes()}}};
    }

    /// Planes and rows outside, heads inside: heads share an angle, and its sine takes longer than a pair of numbers.
    template <class T>
    void naive() const {
        for (std::int64_t plane = 0; plane < x.cols() / 2; ++plane) {
            const double theta = std::pow(base, -2.0 * static_cast<double>(plane) / static_cast<double>(x.cols()));
            for (std::int64_t r = 0; r < x.rows(); ++r) {
                const double angle = static_cast<double>(first + r) * theta;
                const T c = static_cast<T>(std::cos(angle));
                const T s = static_cast<T>(back ? -std::sin(angle) : std::sin(angle));
                for_each_matrix(x, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
                    T& even = *x.at<T>(b, n, g, r, 2 * plane);
                    T& odd = *x.at<T>(b, n, g, r, 2 * plane + 1);
                    const T was = even;
                    even = was * c - odd * s;
                    odd = was * s + odd * c;
                });
            }
        }
    }
};

}  // namespace headcount
