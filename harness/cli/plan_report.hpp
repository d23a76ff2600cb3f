// How a plan is printed by --dry-run.
#pragma once

#include <string>

#include "harness/measure/plan.hpp"

namespace headcount {

/// Every point with what will be done with it, its predicted memory and time; skips with reasons; totals.
std::string plan_text(const Sweep& sweep, const Plan& plan);

}  // namespace headcount
