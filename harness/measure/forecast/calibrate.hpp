// From a trial of some points to the times of all.
#pragma once

#include "harness/measure/forecast/trial.hpp"

namespace headcount {

/// Sets the times of the plan by the trial: those of tried points as seen; those of others as guessed, times what the
/// points that are most like them took of their guess. Without a tried point all guesses stay.
void calibrate(Plan& plan, const Trial& trial, const Protocol& protocol);

}  // namespace headcount
