// The matrix products of a counted layer, in two parts.
#pragma once

#include <cstdint>

#include "harness/core/count.hpp"

namespace headcount {

/// Multiplies of the products with other tokens (queries with keys, weights with values), and of all others: what a
/// token is projected to.
struct Products {
    std::int64_t core = 0;
    std::int64_t projections = 0;
};

inline Products products_of(const Count& count) {
    Products products;
    for (const OpPart& part : count.ops) {
        if (part.op != "matmul") continue;
        const bool is_core = part.role == "scores" || part.role == "context";
        (is_core ? products.core : products.projections) += part.required.multiplies;
    }
    return products;
}

}  // namespace headcount
