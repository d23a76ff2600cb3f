// A step of definitions: rows turned by their positions, as rotary embeddings have it.
#pragma once

#include <cmath>
#include <cstdint>

#include "harness/judge/steps.hpp"

namespace headcount::judge {

/// Row i is turned by position first + i: its columns (2j, 2j + 1), seen as a complex number, times
/// exp(i position base^(-2j / cols)). Both ends of what a kernel may hold of a pair bound what it makes of it, and
/// three more roundings besides those of the product: of sine, cosine and the sum.
template <class X>
auto rotated(const X& x, std::int64_t first, double base = 1e4) {
    const auto from = view_of(x);
    using T = typename decltype(from)::Scalar;
    // What row i makes of column j: `own` times itself and `other` times the other column of its pair.
    struct Turn {
        double own, other;
        std::int64_t partner;
    };
    const auto turn = [&](std::int64_t i, std::int64_t j) {
        const bool is_real = j % 2 == 0;
        const double frequency =
            std::exp(-std::log(base) * static_cast<double>(j - j % 2) / static_cast<double>(from.cols));
        const double angle = frequency * static_cast<double>(first + i);
        return Turn{.own = std::cos(angle),
                    .other = is_real ? -std::sin(angle) : std::sin(angle),
                    .partner = is_real ? j + 1 : j - 1};
    };
    return each<T>(
        from,
        [&](std::int64_t i, std::int64_t j) {
            const Turn t = turn(i, j);
            return static_cast<T>(t.own) * from.value[from.at(i, j)] +
                   static_cast<T>(t.other) * from.value[from.at(i, t.partner)];
        },
        [&](std::int64_t i, std::int64_t j, double /*y*/) {
            const Turn t = turn(i, j);
            const auto off = [&](std::int64_t column) {
                double size = 0;
                if constexpr (kBounded<T>) size = std::abs(from.value[from.at(i, column)]);
                return from.total_at(from.at(i, column)) + 3 * from.rounding.unit * size;
            };
            return std::abs(t.own) * off(j) + std::abs(t.other) * off(t.partner);
        });
}

}  // namespace headcount::judge
