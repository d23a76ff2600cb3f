// What a pair of equal things says about the smallest difference that can be told.
#pragma once

#include <cstddef>
#include <span>

#include "harness/stats/interval.hpp"

namespace headcount {

/// The smallest m for which the interval of a ratio lies within [1 - m, 1 + m]: the margin at which an equivalence
/// test (Schuirmann 1987) would have called the two the same. Infinite where the interval is not bounded.
double smallest_margin(const Interval& ratio);

/// The margin within which `rounds` rounds of two equal things would be called the same with probability `power`:
/// that quantile of smallest_margin() over resamples of an A/A comparison, each judged by PairedRatio as it is.
/// values[i] and base[i] are of round i. Resamples are made of blocks of neighbouring rounds (Kuensch 1989), so that
/// autocorrelation is kept in part: promises of 80 % were kept in 78 to 86 % of simulated experiments with
/// independent rounds, in 67 % with phi = 0.5. What the A/A comparison is off by counts as a bias. The same input
/// gives the same number. `rounds` may be more than were taken.
/// Infinite for fewer than 6 rounds, where no 95 % interval exists. Throws Error as PairedRatio does.
double resolvable_margin(std::span<const double> values, std::span<const double> base, std::size_t rounds,
                         double power = 0.8);

/// Half the 95 % interval that PairedRatio gives a ratio whose logarithm scatters normally by `scatter` from round to
/// round: in the middle of many experiments. Infinite for fewer than 6 rounds.
double expected_half_width(double scatter, std::size_t rounds);

/// Before anything is measured: the fewest rounds after which two equal things whose ratio scatters so are called the
/// same within `margin` in four experiments of five; at least 6. Neighbouring rounds that resemble each other need
/// more. 1e6 stands for "more than that".
std::size_t rounds_to_resolve(double margin, double scatter);

/// Relative noise of a single visit: the spread of the log ratios over the square root of two, estimated from their
/// quartiles so that spikes do not set it. 0 for fewer than 4 rounds.
double visit_noise(std::span<const double> values, std::span<const double> base);

}  // namespace headcount
