// Quantiles, and the median with its rank interval.
#include "harness/stats/interval.hpp"

#include <algorithm>
#include <cmath>

#include "harness/core/error.hpp"
#include "harness/stats/autocorrelation.hpp"
#include "harness/stats/sign_test.hpp"

namespace headcount {

namespace {

std::vector<double> sorted(std::span<const double> samples) {
    if (samples.empty()) throw Error("quantile: there are no samples; measure at least one round");
    std::vector<double> values(samples.begin(), samples.end());
    std::ranges::sort(values);
    return values;
}

double quantile_of_sorted(const std::vector<double>& values, double probability) {
    const double place = probability * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

/// `end` as many times as far from the estimate; below a positive one in logarithms, so that no time falls below zero.
double moved_away(double estimate, double end, double times) {
    if (0 < end && end < estimate) return estimate * std::pow(end / estimate, times);
    return estimate + times * (end - estimate);
}

}  // namespace

bool Interval::bounded() const { return std::isfinite(low) && std::isfinite(high); }

double relative_ci_width(const Interval& interval) { return interval.width() / std::abs(interval.estimate); }

double quantile(std::span<const double> samples, double probability) {
    return quantile_of_sorted(sorted(samples), probability);
}

double median(std::span<const double> samples) { return quantile(samples, 0.5); }

Interval median_interval(std::span<const double> samples, double confidence) {
    const std::vector<double> values = sorted(samples);
    Interval result{.estimate = quantile_of_sorted(values, 0.5)};
    const auto n = static_cast<double>(values.size());
    const auto rank = static_cast<double>(values_beyond(values.size(), confidence));  // of the lower end, from 1
    if (rank == 0) return result;
    // Neighbours that resemble each other tell less: the ranks move apart by as much as a paired interval is widened.
    const double widening = std::sqrt(block_length(samples));
    const double moved = std::floor((n + 1) / 2 - ((n + 1) / 2 - rank) * widening);
    const auto index = static_cast<std::size_t>(std::max(moved, 1.0)) - 1;
    result.low = values[index];
    result.high = values[values.size() - 1 - index];
    if (moved >= 1) return result;
    // Beyond the smallest and the largest there are no ranks: the whole range, or the interval of independent samples
    // with its ends moved away from the median, whichever reaches further.
    const auto narrow = static_cast<std::size_t>(rank) - 1;
    result.low = std::min(result.low, moved_away(result.estimate, values[narrow], widening));
    result.high = std::max(result.high, moved_away(result.estimate, values[values.size() - 1 - narrow], widening));
    return result;
}

}  // namespace headcount
