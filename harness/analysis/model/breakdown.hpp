// Where the time goes: the traced pass, and the work it did, by share.
#pragma once

#include <array>
#include <string_view>

#include "harness/core/op_cost.hpp"
#include "harness/journal/record.hpp"

namespace headcount {

struct Share {
    std::string_view name;
    std::string_view label;  ///< in figures; "" where several things fall in, each of which goes by its role
    std::string_view doc;
};

/// Every span falls into exactly one share. In the order in which figures stack them.
inline constexpr std::array<Share, 7> kShares{{{"projections", "projections", "seconds in the projections"},
                                               {"scores", "scores Q K^T", "seconds in QK^T"},
                                               {"softmax", "softmax", "seconds in the softmax"},
                                               {"context", "context P V", "seconds in PV"},
                                               {"fused", "fused core", "seconds in the fused core"},
                                               {"copies", "layout copies", "seconds in layout copies"},
                                               {"other", "", "seconds in anything else"}}};

/// The share that this span falls into.
const Share& share_of(const SpanRecord& span);

/// Seconds of each share in the traced pass.
std::array<double, kShares.size()> shares_of(const PointRecord& record);

/// The executed operations and operand bytes behind the seconds of each share.
std::array<OpCost, kShares.size()> work_of(const PointRecord& record);

}  // namespace headcount
