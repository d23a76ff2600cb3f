// Exponents: the slope of a straight line through logarithms.
#pragma once

#include <span>
#include <vector>

#include "harness/stats/signed_rank.hpp"

namespace headcount {

/// Least-squares slope of log(y) over log(x). Throws Error for fewer than two distinct x or a value <= 0.
double log_log_slope(std::span<const double> x, std::span<const double> y);

/// The same with a Student interval from the scatter about the line; infinite ends for two points. Honest
/// only where a power law holds: curvature widens it.
Interval log_log_slope_interval(std::span<const double> x, std::span<const double> y, double confidence = 0.95);

/// One slope a round (y[round][i] belongs to x[i]), so that drift cancels, and where these slopes lie.
SignedRank slopes_by_round(std::span<const double> x, std::span<const std::vector<double>> y);

/// The slope where points share no rounds: samples[i], in the order taken, belong to x[i]. The centre of each point's
/// logarithms (Hodges and Lehmann) goes through the fit, and so do, as independent, the distances to the ends of their
/// intervals, which autocorrelation has widened. Infinite ends when a point has fewer than 6 samples at 95 %.
Interval slope_of_centres(std::span<const double> x, std::span<const std::vector<double>> samples,
                          double confidence = 0.95);

/// The slopes of slopes_by_round() by their median and its rank interval, which takes no symmetry for granted.
Interval median_slope_by_round(std::span<const double> x, std::span<const std::vector<double>> y);

/// The slope through the medians, for points that share no rounds: all of their rank intervals hold together with the
/// confidence (Bonferroni), and the slope is as low and as high as these allow. So nothing is assumed of the shape of
/// the samples or of how they hang together. Infinite ends where a point has too few samples (8 at 95 % and four
/// points).
Interval slope_of_medians(std::span<const double> x, std::span<const std::vector<double>> samples,
                          double confidence = 0.95);

}  // namespace headcount
