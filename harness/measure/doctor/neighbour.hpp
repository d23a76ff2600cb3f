// Does a worker that is alive and idle slow down the one that is timed?
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/measure/worker/sampler.hpp"

namespace headcount {

/// Processor time that the worker uses in `for_s` seconds in which nothing is asked of it; -1: unavailable. The
/// kernel counts in ticks of 10 ms. Idle threads that wait in a spin use about `for_s`, those that sleep none.
double idle_cpu_s(const Worker& worker, double for_s);

struct NeighbourCheck {
    std::vector<double> alone_s, beside_s;  ///< of the timed point, by round
    double idle_cpu_s = -1;                 ///< idle_cpu_s() of a neighbour
    double idle_for_s = 0;
};

struct NeighbourQuestion {
    std::string timed;     ///< id of the point that is timed, in one worker throughout
    std::string busy;      ///< id of the point that every neighbour ran before: of several threads, so that these exist
    double budget_s = 10;  ///< rounds are fixed by it after the first: 10 to 40
    double idle_for_s = 1;
};

/// Rounds of two visits in shuffled order. Before each visit a fresh neighbour runs its point; then it is ended
/// ("alone") or left alive and idle ("beside"). Both visits have the same past: caches, clock and scheduler have seen
/// the same, and only the neighbour's life differs. Throws PointFailure, Interrupted.
NeighbourCheck check_neighbour(const std::function<std::unique_ptr<Worker>()>& start,
                               const NeighbourQuestion& question);

}  // namespace headcount
