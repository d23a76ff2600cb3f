// Complete shuffled rounds, and when to stop taking them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/sweep.hpp"
#include "harness/journal/record.hpp"
#include "harness/measure/worker/sampler.hpp"

namespace headcount {

/// A permutation of 0 .. count-1, the same on every machine for the same seed, group and round, so that a
/// resumed run visits in the order the uninterrupted one would have.
std::vector<std::size_t> shuffled_order(std::size_t count, std::uint64_t seed, std::string_view group, int round);

/// Visits every point once in that order. Samples come back in the order they were taken.
std::vector<Sample> take_round(const std::vector<std::string>& points, const std::vector<std::size_t>& order,
                               Sampler& sampler);

/// Round counts at which results are looked at: min_rounds doubled again and again, and max_rounds.
/// Fixed beforehand: stopping whenever the width happens to look good would bias the interval.
std::vector<int> looks(const Protocol& protocol);

/// seconds[point][round], paired: every point has every round. points[0] is the base of the ratios.
using PairedSeconds = std::vector<std::vector<double>>;
/// The widest relative 95 % interval of a matrix: what the stopping rule compares with the target.
using WidestInterval = std::function<double(const PairedSeconds&)>;

/// Paired ratios to the first point by harness/stats; of a lone point, its median.
double widest_interval(const PairedSeconds& seconds);

/// The rounds in which all of `points` were visited, in order.
PairedSeconds paired_matrix(const std::vector<std::string>& points, const std::vector<RoundRecord>& rounds);

struct StoppingDecision {
    std::string because;  ///< "target_rel_ci", "plateau", "max_rounds"; empty: go on
    int next_look = 0;    ///< how many rounds to have before looking again
    double width = 0;     ///< at the last look; infinite before the first
};

/// A pure function of what was measured, so that a resumed run decides as the uninterrupted one would have.
StoppingDecision stopping_decision(const PairedSeconds& seconds, const Protocol& protocol, const WidestInterval& width);

}  // namespace headcount
