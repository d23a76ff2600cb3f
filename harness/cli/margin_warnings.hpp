// Claims whose margin the rounds of a run will hardly resolve: said before these are taken.
#pragma once

#include <string>
#include <vector>

#include "harness/cli/claims_before.hpp"
#include "harness/measure/plan/plan.hpp"

namespace headcount {

/// Is there a claim that equal things keep by a margin, so that a warning may be due?
bool any_margin(const PlannedClaims& claims);

/// A line for each claim that has a comparison whose rounds, as foreseen at the usual scatter, are too few to call
/// equal things the same within its margin four times in five: with the rounds it takes, and settings or a margin that
/// would do. `start_s`: what a worker takes to start.
std::vector<std::string> margin_warnings(const PlannedClaims& claims, const Plan& plan, const Protocol& protocol,
                                         double start_s);

}  // namespace headcount
