// Where the time goes: the traced pass by share, and where the overhead of heads comes from.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "harness/analysis/record_set.hpp"
#include "harness/analysis/table.hpp"

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

/// One row for each comparison group: its base, the point furthest from it in time, and by how much each share
/// of the traced pass differs between the two (reading R12). `other` also holds what lies outside the verbs.
/// The traced pass is not the timed one; both differences are shown, so that tracing cannot hide.
Table overhead_table(const RecordSet& records);

/// The same for a terminal, two lines a group, shares that do not differ left out; "" when nothing was timed.
std::string overhead_text(const RecordSet& records);

}  // namespace headcount
