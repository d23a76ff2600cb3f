// How a plan is printed by --dry-run.
#pragma once

#include <cstdio>

#include "harness/cli/claims_before.hpp"
#include "harness/measure/forecast/trial.hpp"
#include "harness/measure/plan/plan.hpp"

namespace headcount {

/// Every point with what will be done with it, its predicted memory and time, under its part where there are several;
/// skips with reasons; claims; what was filled in by default; totals, and what the budget will cut. A point of several
/// parts stands under the first. `plan` is make_plan(sweep), calibrated by the trial.
void print_plan(std::FILE* to, const Sweep& sweep, const Plan& plan, const PlannedClaims& claims, const Trial& trial);

}  // namespace headcount
