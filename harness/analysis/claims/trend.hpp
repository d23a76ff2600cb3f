// What a decided claim says of how its metric follows its axis.
#pragma once

#include <cstdint>

namespace headcount {

enum class Trend : std::uint8_t {
    none,          ///< nothing: the claim is of another kind, or undecided
    same,          ///< the axis does not change it
    proportional,  ///< exactly as the claim's law
    inverse,       ///< exactly as one over the claim's law
    grows,
    falls,
    does_not_grow,
    changes,
};

}  // namespace headcount
