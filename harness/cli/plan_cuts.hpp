// What the time allows: how long a run will take, and what its budget leaves out.
#pragma once

#include <string>
#include <vector>

#include "harness/core/sweep.hpp"
#include "harness/measure/plan/plan.hpp"

namespace headcount {

/// "1.3 ms", "95 s": a prediction has no more than two digits.
std::string roughly(double seconds);

/// "time: about 95 s (60 s to 160 s), budget 170 s", and a line for each kind of cut: groups that end before their
/// first look, groups that end with fewer rounds than an interval of the target's width takes, a budget that will be
/// exceeded. `start_s`: what a worker takes to start.
std::vector<std::string> time_lines(const Plan& plan, const Protocol& protocol, double start_s);

}  // namespace headcount
