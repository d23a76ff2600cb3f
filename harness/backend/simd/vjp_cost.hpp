// What the kernel of attention's derivative does, in operations.
#pragma once

#include <cstdint>

#include "harness/backend/simd/vjp.hpp"
#include "harness/backend/verbs/attend_shape.hpp"
#include "harness/core/mask.hpp"

namespace headcount::simd {

struct VjpPlan {
    VjpCut cut;
    std::int64_t lanes, tile_rows, pieces;
    bool add_to_q, add_to_k, add_to_v;
};

/// Executed operations of one attend_vjp call: five products over whole vectors of keys, a panel's from the first row
/// on that sees one of its keys. Sums begin at zero, so a product of n terms is n adds. Nothing is rescaled.
AttendParts vjp_cost(const AttendShape& shape, const Mask& mask, const VjpPlan& plan);

}  // namespace headcount::simd
