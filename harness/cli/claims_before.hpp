// A plan that passes gives its verdicts: claims are tried on the points of a sweep before these are measured.
#pragma once

#include <cstdio>
#include <vector>

#include "harness/analysis/verdicts/prospect.hpp"
#include "harness/core/sweep.hpp"
#include "harness/measure/plan/plan.hpp"

namespace headcount {

/// The claims of a sweep with the points of its plan that they will be judged by.
class PlannedClaims {
public:
    /// `plan` is make_plan(sweep).
    PlannedClaims(const Sweep& sweep, const Plan& plan);
    PlannedClaims(const PlannedClaims&) = delete;
    PlannedClaims& operator=(const PlannedClaims&) = delete;

    const std::vector<ClaimProspect>& all() const { return claims_; }

private:
    RecordSet planned_;
    std::vector<ClaimProspect> claims_;  ///< refer to it
};

/// Throws UsageError, with the claims' places, when the sweep as its config has it holds a claim that no result could
/// decide. What a profile, --set, --filter or a shard left of a sweep may lack points of a claim: then it is said on
/// standard error. `narrowed`: the sweep is not all of its config.
void require_judgeable_claims(const PlannedClaims& claims, bool narrowed);

/// A line for each claim: what is compared with what, what is claimed, where, and how many verdicts it will get.
void print_claims(std::FILE* to, const PlannedClaims& claims);

}  // namespace headcount
