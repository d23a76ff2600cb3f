// A short trial of a plan on this machine: how long do some of its points really take?
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/measure/plan/plan.hpp"
#include "harness/measure/worker/sampler.hpp"

namespace headcount {

/// What the trial saw of a point.
struct TriedPoint {
    std::size_t index = 0;  ///< into Plan::points
    double pass_s = 0;      ///< one pass; of a point that is trained, one step
    double prepare_s = 0;   ///< inputs and weights made
    double check_s = -1;    ///< its reference; -1: there was no time for it
};

struct Trial {
    std::vector<TriedPoint> points;
    double start_s = 0;     ///< of a worker
    double seconds = 0;     ///< that the trial took in all
    std::string missing{};  ///< why no point was tried; "" where some were
};

/// What a worker takes to start: as seen, or as usual where no trial was taken.
double start_s_of(const Trial& trial);

struct TrialOptions {
    std::function<std::unique_ptr<Worker>()> start_worker;  ///< as trial_workers() makes them
    std::function<double()> now_s;                          ///< a steady clock, in seconds
    double most_s = 1.5;  ///< no point is begun that is expected to end later; one may still be in hand then
};

/// Tries points of ours that are timed: first the cheapest of each variant and backend, then always the one that is
/// least like those tried, as long as it fits into the time that is left, until all are tried or none fits. Engines are
/// not started. A point that fails is left to the run, which says why.
Trial take_trial(const Plan& plan, const TrialOptions& options);

/// Workers that take short samples and give a point up soon.
std::function<std::unique_ptr<Worker>()> trial_workers(const std::filesystem::path& executable, Protocol protocol,
                                                       std::int64_t memory_limit_bytes);

}  // namespace headcount
