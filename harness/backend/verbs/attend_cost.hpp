// What the fused core costs: required work from shapes and mask, and the executed work of the tiled loop.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "harness/backend/verbs/attend_shape.hpp"
#include "harness/backend/verbs/verb.hpp"
#include "harness/core/mask.hpp"

namespace headcount {

/// Exact pairs; every operand crosses the boundary of fast memory once.
AttendParts required_attend(const AttendShape& shape, const Mask& mask);
/// What the loop of tiled_attend.hpp does. `rescale` is the bound that data with rising maxima reach. Bytes
/// follow the blocks: keys and values stream past once for every block of query rows.
AttendParts tiled_attend_cost(const AttendShape& shape, const Mask& mask, std::int64_t query_block,
                              std::int64_t key_block);
/// How the tiled loop cuts a call on one thread.
AttendPlan tiled_plan(const AttendShape& shape);
/// In the equation's words.
Parts parts_of(const AttendParts& costs);

}  // namespace headcount
