// Two points timed in the same rounds: their ratio, from the log ratio of each round.
#include "harness/stats/paired.hpp"

#include <cmath>
#include <vector>

#include "harness/core/error.hpp"

namespace headcount {

namespace {

std::vector<double> log_ratios(std::span<const double> values, std::span<const double> base) {
    if (values.size() != base.size())
        throw Error("paired ratio: the two points have a different number of rounds; pair them by round first");
    std::vector<double> logs(values.size());
    for (std::size_t i = 0; i < logs.size(); ++i) {
        if (!(values[i] > 0) || !(base[i] > 0)) throw Error("paired ratio: a value is not positive; check the samples");
        logs[i] = std::log(values[i] / base[i]);
    }
    return logs;
}

}  // namespace

PairedRatio::PairedRatio(std::span<const double> values, std::span<const double> base, Draws draws)
    : logs_(log_ratios(values, base), draws) {}

Interval PairedRatio::interval(double confidence) const {
    const Interval logs = logs_.interval(confidence);
    Interval result{.estimate = std::exp(logs.estimate), .low = std::exp(logs.low), .high = std::exp(logs.high)};
    return result;
}

double PairedRatio::p_at_least(double ratio) const { return logs_.p_at_least(std::log(ratio)); }
double PairedRatio::p_at_most(double ratio) const { return logs_.p_at_most(std::log(ratio)); }

double relative_ci_width(std::span<const double> values, std::span<const double> base) {
    return relative_ci_width(PairedRatio(values, base).interval());
}

}  // namespace headcount
