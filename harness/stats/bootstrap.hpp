// The mean of a sample, and whether one of two outcomes is more frequent: for questions that are drawn independently.
#pragma once

#include <cstdint>
#include <span>

#include "harness/stats/interval.hpp"

namespace headcount {

/// The mean with the percentiles of the means of resamples (Efron 1979); the same for the same values. Throws Error
/// when there are none.
Interval bootstrap_mean(std::span<const double> values, double confidence = 0.95);

/// Two-sided p-value of "the mean is 0" (Student): for hundreds of values and more, whatever their distribution; 1 for
/// fewer than two, or when all are 0.
double mean_test(std::span<const double> values);

/// Two-sided exact p-value of "both outcomes are equally frequent" (sign test; McNemar's for paired hits and misses);
/// 1 when there is neither.
double sign_test(std::int64_t one, std::int64_t other);

/// The chance that at most `hits` of `n` happen where each happens with this share: small when the share is surely
/// less.
double chance_of_at_most(std::int64_t hits, std::int64_t n, double share);

}  // namespace headcount
