// The timing of each point in numbers: median with interval, spread, paired ratio to its group's base.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/analysis/records/record_set.hpp"
#include "harness/stats/interval.hpp"

namespace headcount {

struct PointSummary {
    std::size_t rounds = 0;
    Interval time{};         ///< median of wall seconds, rank interval
    double p5 = 0, p95 = 0;  ///< seconds
    bool autocorrelated = false;
    bool several_modes = false;
    double disturbed_share = -1;        ///< of the samples whose foreign load is known; -1: of none
    std::optional<std::size_t> base{};  ///< entry that the ratio refers to: the base of its comparison group
    Interval ratio{};                   ///< paired by round; {1, 1, 1} for the base itself
};

/// One for each entry. What its ratio is to: with `base`, the point of its comparison group that has these values and
/// else its own; without, what the first claim on time that speaks of it compares it with, or the first point of its
/// group in the order of the config. Throws UsageError for a base that no timed point has.
std::vector<PointSummary> summarise(const RecordSet& records, const std::map<std::string, std::string>& base = {});

/// Do both have the field, with different values? An option that only one has tells no more than whose it is.
bool differ_in(const Point& point, const Point& other, std::string_view field);

}  // namespace headcount
