// Do neighbouring rounds resemble each other, and how many rounds make one independent observation?
#include "harness/stats/autocorrelation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace headcount {

namespace {

constexpr std::size_t kFewest = 4;  // below, a lag-1 coefficient says nothing

/// Ranks minus their mean; ties share their average rank.
std::vector<double> centred_ranks(std::span<const double> samples) {
    std::vector<std::size_t> order(samples.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) { return samples[i]; });
    std::vector<double> ranks(samples.size());
    const double mean = static_cast<double>(samples.size() - 1) / 2;
    for (std::size_t first = 0; first < order.size();) {
        std::size_t last = first;
        while (last + 1 < order.size() && samples[order[last + 1]] == samples[order[first]]) ++last;
        for (std::size_t i = first; i <= last; ++i) ranks[order[i]] = static_cast<double>(first + last) / 2 - mean;
        first = last + 1;
    }
    return ranks;
}

/// How far lag-1 lies above its expectation -1/n under independence, in standard errors 1/sqrt(n).
double standard_errors_above(double lag1, std::size_t n) {
    const auto count = static_cast<double>(n);
    return (lag1 + 1 / count) * std::sqrt(count);
}

}  // namespace

double lag1_autocorrelation(std::span<const double> samples) {
    if (samples.size() < kFewest) return 0;
    const std::vector<double> ranks = centred_ranks(samples);
    double products = 0;
    double squares = 0;
    for (std::size_t i = 0; i < ranks.size(); ++i) {
        squares += ranks[i] * ranks[i];
        if (i > 0) products += ranks[i] * ranks[i - 1];
    }
    return squares > 0 ? products / squares : 0;
}

bool is_autocorrelated(std::span<const double> samples) {
    constexpr double kOneInTwenty = 1.645;
    return samples.size() >= kFewest &&
           standard_errors_above(lag1_autocorrelation(samples), samples.size()) > kOneInTwenty;
}

double block_length(std::span<const double> samples) {
    constexpr double kLargestPhi = 0.95;  // beyond, a series of 80 rounds holds two observations: no estimate
    // Both in standard errors. In few rounds correlation hides best, and a wide interval only means more rounds.
    const bool few = samples.size() < 20;
    const double threshold = few ? 0.0 : 0.75;
    const double caution = few ? 1.6 : 1;
    const double lag1 = lag1_autocorrelation(samples);
    if (samples.size() < kFewest || standard_errors_above(lag1, samples.size()) <= threshold) return 1;
    const auto n = static_cast<double>(samples.size());
    // Marriott and Pope 1954: E[lag1] = phi - (1 + 3 phi) / n for a series with estimated mean; half as much
    // again and some standard errors on top because an interval suffers more from a phi too small than too large.
    const double correction = 1.5 * (1 + 3 * std::max(lag1, 0.0)) / n + caution / std::sqrt(n);
    const double phi = std::clamp(lag1 + correction, 0.0, kLargestPhi);
    return (1 + phi) / (1 - phi);
}

}  // namespace headcount
