// Margins from intervals, and the power of an equivalence test by resampling.
#include "harness/stats/resolvable_margin.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <random>
#include <vector>

#include "harness/stats/paired.hpp"

namespace headcount {

namespace {

constexpr std::size_t kFewest = 6;  // below, the signed-rank statistic has no 95 % interval
constexpr int kResamples = 400;     // one standard error of a share of 80 % is then 2 %

/// Of intervals of independent normal log ratios, simulated (resolvable_margin_test.cpp), in units of their deviation
/// over the square root of the rounds: the median of half the width, and the 80 % quantile of smallest_margin(). Of few
/// rounds autocorrelation cannot be told from chance, and intervals are widened for it.
struct Simulated {
    std::size_t rounds;
    double half_width, margin;
};
constexpr std::array<Simulated, 10> kSimulated{{{6, 5.2, 21.2},
                                                {8, 3.8, 13.2},
                                                {10, 3.42, 10.5},
                                                {14, 2.98, 6.93},
                                                {20, 2.27, 4.27},
                                                {28, 2.26, 3.98},
                                                {40, 2.25, 3.86},
                                                {80, 2.24, 3.74},
                                                {160, 2.17, 3.53},
                                                {640, 2.15, 3.5}}};

/// By the logarithm of the rounds between those that were simulated.
double simulated(double Simulated::*what, double scatter, std::size_t rounds) {
    if (rounds < kFewest) return std::numeric_limits<double>::infinity();
    const auto place = std::ranges::lower_bound(kSimulated, rounds, {}, &Simulated::rounds);
    double units = place == kSimulated.end() ? kSimulated.back().*what : (*place).*what;
    if (place != kSimulated.end() && place->rounds != rounds) {
        const Simulated& below = *std::prev(place);
        const auto log = [](std::size_t n) { return std::log(static_cast<double>(n)); };
        const double share = (log(rounds) - log(below.rounds)) / (log(place->rounds) - log(below.rounds));
        units = below.*what + share * (units - below.*what);
    }
    return scatter > 0 ? units * scatter / std::sqrt(static_cast<double>(rounds)) : 0;
}

}  // namespace

double smallest_margin(const Interval& ratio) {
    if (!ratio.bounded()) return std::numeric_limits<double>::infinity();
    return std::max({1 - ratio.low, ratio.high - 1, 0.0});
}

double resolvable_margin(std::span<const double> values, std::span<const double> base, std::size_t rounds,
                         double power) {
    const PairedRatio taken(values, base);
    const std::size_t count = values.size();
    if (count < kFewest || rounds < kFewest) return std::numeric_limits<double>::infinity();
    // The cube root of the length is the rate at which blocks have to grow (Kuensch 1989). Three times the length of
    // one independent observation: with one of it, autocorrelated rounds lose half of what correlates them.
    const auto size = static_cast<double>(count);
    const auto block = static_cast<std::size_t>(
        std::min(size / 2, std::ceil(std::max(std::cbrt(size), 3 * taken.logs().block_length()))));
    std::mt19937_64 random(count);  // not std::uniform_int_distribution: libraries differ
    std::vector<double> margins;
    std::vector<double> some_values(rounds), some_base(rounds);
    for (int resample = 0; resample < kResamples; ++resample) {
        std::size_t from = 0;
        for (std::size_t i = 0; i < rounds; ++i, ++from) {
            if (i % block == 0) from = static_cast<std::size_t>(random() % count);
            some_values[i] = values[from % count];
            some_base[i] = base[from % count];
        }
        margins.push_back(smallest_margin(PairedRatio(some_values, some_base).interval()));
    }
    return quantile(margins, power);
}

double expected_half_width(double scatter, std::size_t rounds) {
    return simulated(&Simulated::half_width, scatter, rounds);
}

std::size_t rounds_to_resolve(double margin, double scatter) {
    constexpr std::size_t kMost = 1'000'000;
    std::size_t low = kFewest, high = kMost;
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        if (simulated(&Simulated::margin, scatter, middle) <= margin) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return high;
}

double visit_noise(std::span<const double> values, std::span<const double> base) {
    if (values.size() < 4 || values.size() != base.size()) return 0;
    std::vector<double> logs(values.size());
    for (std::size_t i = 0; i < logs.size(); ++i) logs[i] = std::log(values[i] / base[i]);
    constexpr double kQuartilesOverDeviation = 1.349;  // of a normal distribution
    return (quantile(logs, 0.75) - quantile(logs, 0.25)) / kQuartilesOverDeviation / std::sqrt(2.0);
}

}  // namespace headcount
