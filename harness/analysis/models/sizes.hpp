// Searches over whole numbers: where a counted quantity equals another, and where one of two becomes the smaller.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "harness/analysis/exact/rational.hpp"

namespace headcount {

/// A quantity at a size; nothing where the size is impossible.
using Quantity = std::function<std::optional<Rational>(std::int64_t size)>;

struct SizedValue {
    std::int64_t size = 0;
    Rational value;
};

/// Every size from 1 to `last` was counted: nothing is assumed of how the quantity grows.
struct Matches {
    std::vector<std::int64_t> exact;         ///< all sizes at which it equals the target
    std::optional<SizedValue> below, above;  ///< the nearest that do not
    std::int64_t last = 0;
    std::int64_t possible = 0;                ///< sizes of these that are possible
    bool changes = false;                     ///< false: it does not depend on the size
    std::optional<std::int64_t> falls_after;  ///< the first size whose successor has less; none: it never falls
};

/// Looks at sizes from 1 on. It stops at twice the first power of two at which the quantity exceeds the target, or at
/// `largest`.
Matches match_sizes(const Quantity& quantity, const Rational& target, std::int64_t largest);

/// Sizes `from` to `to` between which one and the same of two costs less.
struct Regime {
    std::int64_t from = 0, to = 0;
    int sign = 0;  ///< of the difference: -1 the first is less, 0 they are equal, 1 the second is less
};

/// The regimes of first minus second between two sizes, in order: what one ends with and the next begins with are
/// neighbours; none where no size of the grid is possible. The sign is looked at on a grid, every size up to kAllUpTo
/// and four in each octave beyond; between two places of the grid with different signs it is halved down to the size. A
/// quantity that crosses twice between two places of the grid is not seen to.
std::vector<Regime> regimes(const Quantity& difference, std::int64_t from, std::int64_t to);
inline constexpr std::int64_t kAllUpTo = 256;

}  // namespace headcount
