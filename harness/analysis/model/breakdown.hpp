// Where the time goes: the traced pass, and the work it did, by share.
#pragma once

#include <array>
#include <string_view>

#include "harness/core/op_cost.hpp"
#include "harness/journal/record.hpp"

namespace headcount {

struct Share {
    std::string_view name;
    std::string_view doc;
};

/// Every span falls into exactly one share.
inline constexpr std::array<Share, 7> kShares{{{"projections", "seconds in the projections"},
                                               {"scores", "seconds in QK^T"},
                                               {"softmax", "seconds in the softmax"},
                                               {"context", "seconds in PV"},
                                               {"fused", "seconds in the fused core"},
                                               {"copies", "seconds in layout copies"},
                                               {"other", "seconds in anything else"}}};

/// Seconds of each share in the traced pass.
std::array<double, kShares.size()> shares_of(const PointRecord& record);

/// The executed operations and operand bytes behind the seconds of each share.
std::array<OpCost, kShares.size()> work_of(const PointRecord& record);

}  // namespace headcount
