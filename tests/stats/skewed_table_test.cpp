// Prints how often intervals hold the median of skewed values, by when the sign test is asked too:
// `test_stats "[.skewed]"` (docs/measurement.md).
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "harness/stats/shape.hpp"
#include "harness/stats/sign_test.hpp"
#include "harness/stats/signed_rank.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

using Random = std::mt19937_64;

constexpr int kExperiments = 4000;
constexpr std::array kLevels{0.0, 0.05, 0.1, 1.1};  // never, twice a level, always

struct Noise {
    std::string name;
    std::function<double(Random&)> draw;
};

double normal(Random& random) { return std::normal_distribution<double>(0, 1)(random); }
double exponential(Random& random) { return std::exponential_distribution<double>(1)(random); }

double slower_at_times(Random& random) {
    const bool slow = std::uniform_real_distribution<double>(0, 1)(random) < 0.15;
    return 0.1 * normal(random) + (slow ? exponential(random) : 0);
}

double population_median(const Noise& noise, Random& random) {
    std::vector<double> many(400'001);
    for (double& value : many) value = noise.draw(random);
    return median(many);
}

/// The interval of signed ranks alone, from all Walsh averages.
Interval by_ranks(const std::vector<double>& values) {
    std::vector<double> averages;
    for (std::size_t i = 0; i < values.size(); ++i) {
        for (std::size_t j = i; j < values.size(); ++j) averages.push_back((values[i] + values[j]) / 2);
    }
    std::ranges::sort(averages);
    std::size_t rank = 0;
    while (signed_rank_cdf(static_cast<double>(rank), values.size()) <= 0.025) ++rank;
    return {.estimate = median(averages), .low = averages[rank - 1], .high = averages[averages.size() - rank]};
}

struct Tally {
    int covered = 0;
    double width = 0;
};

std::array<Tally, kLevels.size()> tally(const Noise& noise, std::size_t n, double truth, Random& random) {
    std::array<Tally, kLevels.size()> tallies{};
    for (int i = 0; i < kExperiments; ++i) {
        std::vector<double> values(n);
        for (double& value : values) value = noise.draw(random);
        std::ranges::sort(values);
        const double p = symmetry_p_value(values);
        const Interval ranks = by_ranks(values), signs = SignTest(values, 1).interval(0.95);
        for (std::size_t level = 0; level < kLevels.size(); ++level) {
            Interval interval = ranks;
            if (p < kLevels[level]) {
                interval.low = std::min(interval.low, signs.low);
                interval.high = std::max(interval.high, signs.high);
            }
            tallies[level].covered += interval.contains(truth) ? 1 : 0;
            tallies[level].width += interval.width();
        }
    }
    return tallies;
}

}  // namespace

TEST_CASE("the table of skewed ratios", "[.skewed]") {
    const std::vector<Noise> kinds{
        {"normal", normal},
        {"one visit in seven slower", slower_at_times},
        {"exponential", exponential},
        {"log-normal", [](Random& random) { return std::exp(normal(random)); }},
    };
    Random random(99);
    fmt::print("| log ratios | n | signed ranks alone | at 5 % | at 10 % | both always |\n");
    for (const Noise& noise : kinds) {
        const double truth = population_median(noise, random);
        for (const std::size_t n : {10U, 20U, 40U, 80U}) {
            const auto tallies = tally(noise, n, truth, random);
            std::string row = fmt::format("| {} | {} |", noise.name, n);
            for (const Tally& one : tallies) {
                row += fmt::format(" {:.1f} ({:.2f}) |", 100.0 * one.covered / kExperiments,
                                   one.width / tallies.front().width);
            }
            fmt::print("{}\n", row);
        }
    }
}
