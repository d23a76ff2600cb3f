// Before anything is measured: what claims will be judged by, and which could never come to a verdict.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "harness/analysis/claims/claim_scope.hpp"
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

/// A claim and the points that it will be judged by.
struct ClaimProspect {
    ClaimScope scope;
    std::size_t comparisons = 0;     ///< combinations of the other axes: one verdict each
    std::size_t points = 0;          ///< in all of them
    std::size_t skipped = 0;         ///< of these comparisons, none of whose points can run here
    std::size_t hopeless = 0;        ///< of these comparisons, that can have no verdict
    std::string why{};               ///< the first of them cannot; or that there is no comparison at all
    std::set<std::string> groups{};  ///< whose rounds it will be judged by; none for what is counted

    bool may_be_judged() const { return hopeless < comparisons; }
};

/// Of every claim of the run. `planned`: of a journal that has its first line alone, which outlives the answer.
std::vector<ClaimProspect> claim_prospects(const RecordSet& planned,
                                           const std::function<Prospect(const std::string& point)>& prospect);

/// Those that no result could decide: no point is the base, nothing stands beside the base, or no round will visit
/// both.
std::vector<Hopeless> claims_without_verdict(const std::vector<ClaimProspect>& claims);

}  // namespace headcount
