// The A/A comparison that stands at the beginning of a run: what does this machine take for a difference now?
#pragma once

#include <cstdint>

#include "harness/core/sweep.hpp"
#include "harness/journal/record.hpp"
#include "harness/measure/plan/plan.hpp"
#include "harness/measure/worker/sampler.hpp"

namespace headcount {

/// The point with another seed: other numbers in the same shapes, the same work.
Point twin_of(Point point);

/// The timed point of the plan whose pass is the shortest by the plan's guess: its samples are the noisiest.
/// Null when nothing is timed.
const PlannedPoint* cheapest_timed(const Plan& plan);

/// How many rounds of the two an A/A comparison takes where a round takes so long; 0: none.
int self_comparison_rounds(double round_s, const Protocol& protocol);

/// Checks and calibrates point and twin, then takes complete shuffled rounds of the two. How many is fixed before the
/// first, from their calibrated time: at most 80 and the protocol's max_rounds, as many as fit into 2 s and a
/// twentieth of the budget, but 10 in any case. Empty when these would take more than 3 s, or when the protocol's
/// rounds give no interval (fewer than 6). Throws PointFailure, Interrupted.
SelfComparison compare_with_itself(Worker& worker, const Point& point, const Protocol& protocol, std::uint64_t seed);

}  // namespace headcount
