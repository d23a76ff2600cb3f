// The matrix products of a counted layer, in two parts.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "harness/core/count.hpp"

namespace headcount {

/// Multiplies of the products with other tokens (queries with keys, weights with values, keys with values where a state
/// or a fixed number of mixtures is made of them), and of all others: what a token is projected to.
struct Products {
    std::int64_t core = 0;
    std::int64_t projections = 0;
};

inline Products products_of(const Count& count) {
    constexpr std::array<std::string_view, 5> kCore{"scores", "context", "state", "projected_key", "projected_value"};
    Products products;
    for (const OpPart& part : count.ops) {
        if (part.op != "matmul") continue;
        const bool is_core = std::ranges::find(kCore, std::string_view(part.role)) != kCore.end();
        (is_core ? products.core : products.projections) += part.required.multiplies;
    }
    return products;
}

}  // namespace headcount
