// Quantiles, and the median with its rank interval.
#pragma once

#include <limits>
#include <span>
#include <vector>

namespace headcount {

/// An estimate with its confidence interval. Unbounded ends (too few samples) are infinite.
struct Interval {
    double estimate = 0;
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();

    /// False when there were too few samples for an interval.
    bool bounded() const;
    double width() const { return high - low; }
    bool contains(double value) const { return low <= value && value <= high; }
};

/// Width of the interval relative to its estimate; infinite when either end is.
double relative_ci_width(const Interval& interval);

/// Quantile by linear interpolation (Hyndman and Fan 1996, type 7). Throws Error when there are no samples.
double quantile(std::span<const double> samples, double probability);
double median(std::span<const double> samples);

/// Median with the order statistics between which the population median lies: no assumption about the
/// distribution (binomial ranks). `samples` are in the order they were taken: where neighbours resemble each
/// other the ranks move apart by the square root of the block length (autocorrelation.hpp). Where that asks for more
/// than all samples, the interval is their range, or that of independent samples widened about the median by the same
/// factor (downwards in logarithms, so that no time falls below zero), whichever reaches further. With fewer than 6
/// samples no 95 % interval exists and the ends are infinite. Simulated coverage: docs/measurement.md.
Interval median_interval(std::span<const double> samples, double confidence = 0.95);

}  // namespace headcount
