// A plan that passes gives its verdicts: claims are tried on the points of a sweep before these are measured.
#pragma once

#include "harness/core/sweep.hpp"
#include "harness/measure/plan/plan.hpp"

namespace headcount {

/// Throws UsageError, with the claims' places, when the sweep as its config has it holds a claim that no result could
/// decide. What a profile, --set, --filter or a shard left of a sweep may lack points of a claim: then it is said on
/// standard error. `plan` is make_plan(sweep); `narrowed`: the sweep is not all of its config.
void require_judgeable_claims(const Sweep& sweep, const Plan& plan, bool narrowed);

}  // namespace headcount
