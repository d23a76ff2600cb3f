// Simulated experiments: how often the interval of an exponent covers the true one.
#include <algorithm>

#include "harness/stats/fit.hpp"
#include "tests/catch.hpp"
#include "tests/measure/noise.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

constexpr int kExperiments = 4000;
constexpr double kExponent = 1.5;
const std::vector<double> kLengths{128, 256, 512, 1024};

using Times = std::vector<std::vector<double>>;

/// times[point][round]
Times experiment(const Noise& noise, std::size_t rounds, bool together, Random& random) {
    Times times;
    for (const double length : kLengths) {
        std::vector<double> own = noise.own(rounds, random);
        for (std::size_t round = 0; round < rounds; ++round) {
            const double when = static_cast<double>(round) / static_cast<double>(rounds);
            own[round] = std::pow(length, kExponent) * std::exp(own[round] + (together ? noise.shared(when) : 0));
        }
        times.push_back(std::move(own));
    }
    return times;
}

/// Of centres, or of medians.
Interval slope(const Times& times, const Times& by_round, bool together, bool medians) {
    if (medians) return together ? median_slope_by_round(kLengths, by_round) : slope_of_medians(kLengths, times);
    return together ? slopes_by_round(kLengths, by_round).interval() : slope_of_centres(kLengths, times);
}

/// Percent of the experiments whose interval exists and holds the true exponent.
double covered(const Noise& noise, std::size_t rounds, bool together, bool medians) {
    Random random(20260301);
    int hits = 0;
    for (int i = 0; i < kExperiments; ++i) {
        const auto times = experiment(noise, rounds, together, random);
        Times by_round(rounds);
        for (std::size_t round = 0; round < rounds; ++round) {
            for (const auto& point : times) by_round[round].push_back(point[round]);
        }
        const Interval interval = slope(times, by_round, together, medians);
        hits += interval.bounded() && interval.contains(kExponent) ? 1 : 0;
    }
    return 100.0 * hits / kExperiments;
}

}  // namespace

TEST_CASE("an exponent's interval covers the true one, timed together or apart") {
    for (const bool together : {true, false}) {
        for (const std::size_t rounds : {10U, 20U, 40U}) {
            for (const Noise& noise : {no_noise_but_normal(), drift(), spikes(), autoregression(0.5, "phi 0.5"),
                                       autoregression(0.7, "phi 0.7")}) {
                const double percent = covered(noise, rounds, together, false);
                INFO(noise.name << ", " << rounds << " rounds, " << (together ? "together" : "apart") << ": " << percent
                                << " %");
                CHECK(percent >= (noise.autocorrelated ? 90 : 94));
                CHECK(percent <= 99.9);
            }
        }
    }
}

TEST_CASE("through medians as well, and of them nothing is assumed") {
    for (const bool together : {true, false}) {
        for (const std::size_t rounds : {10U, 20U, 40U}) {
            // Apart, spikes and drift are each point's own; a drift that all share is none of the noise of a lone
            // point.
            for (const Noise& noise : {no_noise_but_normal(), spikes(), bimodal(), autoregression(0.5, "phi 0.5"),
                                       autoregression(0.7, "phi 0.7")}) {
                const double percent = covered(noise, rounds, together, true);
                INFO(noise.name << ", " << rounds << " rounds, " << (together ? "together" : "apart") << ": " << percent
                                << " %");
                CHECK(percent >= (noise.autocorrelated ? 90 : 94));
            }
        }
    }
}
