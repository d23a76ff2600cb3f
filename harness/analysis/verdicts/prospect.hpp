// Before anything is measured: which claims could never come to a verdict.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "harness/analysis/records/record_set.hpp"

namespace headcount {

/// What will be done with a point.
struct Prospect {
    bool skipped = false;          ///< cannot run here: no fault of the claim
    std::set<std::string> groups;  ///< comparison groups that it is timed in; none: it is counted only
};

/// Why a claim cannot be judged by its points, and what would help.
struct Hopeless {
    std::string claim, location, why;
};

/// Of every claim of the run, whatever comes out: no point is its base, nothing stands beside the base, or no round
/// will visit both. `planned`: of a journal that has its first line alone.
std::vector<Hopeless> claims_without_verdict(const RecordSet& planned,
                                             const std::function<Prospect(const std::string& point)>& prospect);

}  // namespace headcount
