// How long the parts of a run take, from the times of its points: guessed from their counts until a trial is taken.
#pragma once

#include "harness/measure/plan/plan.hpp"

namespace headcount {

/// Guesses pass, check and preparation of a point that will be timed, from `planned.counted` and rates of a core of
/// 2024: right within a factor of four for our kernels on such a machine.
void guess_times(PlannedPoint& planned);

/// One pass; of a point that is trained, one step.
double pass_s(const PlannedPoint& planned);

/// One visit in a round: warm pass and sample, or a training.
double visit_s(const PlannedPoint& planned, const Protocol& protocol);

/// Inputs and weights, and the iterations of a visit found: whenever a worker begins with the point.
double ready_s(const PlannedPoint& planned, const Protocol& protocol);

/// The first check, and the trainings that choose a learning rate.
double before_rounds_s(const PlannedPoint& planned);

/// The last check: on other inputs, so with another reference.
double check_again_s(const PlannedPoint& planned);

/// Traced passes and a process of its own for the memory. `start_s`: what a worker takes to start.
double closing_s(const PlannedPoint& planned, double start_s);

/// Sets PlannedGroup::round_s of all groups by their points.
void sum_rounds(Plan& plan, const Protocol& protocol);

}  // namespace headcount
