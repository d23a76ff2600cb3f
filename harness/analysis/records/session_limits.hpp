// What the machine could do while a run was taken, not only before it.
#pragma once

#include <vector>

#include "harness/journal/record.hpp"

namespace headcount {

/// Replaces each limit of the run, or of its sources, that its rounds measured too by the median over them. A run
/// begins on a rested machine: its first look at the multiply-add peak was up to 5 % above what the same processor
/// sustained minutes later, and every share of it that much too small.
void use_limits_of_rounds(RunRecord& run, const std::vector<RoundRecord>& rounds);

}  // namespace headcount
