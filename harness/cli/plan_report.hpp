// How a plan is printed by --dry-run.
#pragma once

#include <cstdio>

#include "harness/measure/plan/plan.hpp"

namespace headcount {

/// Every point with what will be done with it, its predicted memory and time, under its part where there are several;
/// skips with reasons; totals. A point of several parts stands under the first. `plan` is make_plan(sweep).
void print_plan(std::FILE* to, const Sweep& sweep, const Plan& plan);

}  // namespace headcount
