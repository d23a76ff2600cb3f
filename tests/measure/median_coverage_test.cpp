// Simulated experiments: how often the rank interval of a lone point's median covers the true one.
// `test_measure "[.median_coverage]"` prints the table of docs/measurement.md.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "harness/measure/campaign/rounds.hpp"
#include "harness/stats/interval.hpp"
#include "tests/catch.hpp"
#include "tests/measure/noise.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

constexpr std::array<std::size_t, 8> kRounds{6, 8, 10, 15, 20, 30, 40, 60};
constexpr std::size_t kMost = 80;

/// The machine's own median, in logarithms: of mixtures no round number.
double true_median(const Noise& noise) {
    if (noise.autocorrelated || noise.name == "none") return 0;
    Random random(7);
    return median(noise.own(1'000'000, random));
}

struct Cells {
    std::array<double, kRounds.size()> covered{};  ///< percent; an interval without ends would count as a miss
    std::array<double, kRounds.size()> width{};    ///< relative, the median over the experiments
    double at_stop = 0;                            ///< covered where the runner stops
};

Cells simulate(const Noise& noise, int experiments) {
    Random random(20260401);
    const double truth = std::exp(true_median(noise));
    const double percent = 100.0 / experiments;
    Protocol protocol;
    protocol.min_rounds = 10;
    protocol.max_rounds = kMost;
    protocol.target_rel_ci = 0.06;
    Cells cells;
    std::array<std::vector<double>, kRounds.size()> widths;
    const auto covers = [&](const Interval& interval) { return interval.bounded() && interval.contains(truth); };
    for (int i = 0; i < experiments; ++i) {
        std::vector<double> seconds = noise.own(kMost, random);
        for (double& x : seconds) x = std::exp(x);
        for (std::size_t k = 0; k < kRounds.size(); ++k) {
            const Interval interval = median_interval(std::span(seconds).first(kRounds[k]));
            widths[k].push_back(relative_ci_width(interval));
            if (covers(interval)) cells.covered[k] += percent;
        }
        std::size_t taken = 10;
        while (stopping_decision({{seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(taken)}}, protocol,
                                 widest_interval)
                   .because.empty()) {
            taken = std::min(2 * taken, kMost);
        }
        if (covers(median_interval(std::span(seconds).first(taken)))) cells.at_stop += percent;
    }
    for (std::size_t k = 0; k < kRounds.size(); ++k) cells.width[k] = median(widths[k]);
    return cells;
}

void print(const Noise& noise, const Cells& cells) {
    fmt::print("| {} |", noise.name);
    for (std::size_t k = 0; k < kRounds.size(); ++k) fmt::print(" {:.1f} |", cells.covered[k]);
    fmt::print(" {:.1f} |\n", cells.at_stop);
}

}  // namespace

TEST_CASE("the interval of a lone median exists from six rounds on and covers the true one, correlated or not") {
    constexpr int kExperiments = 4000;  // one standard error of 95 %: 0.35
    for (const Noise& noise : steady_noises()) {
        const Cells cells = simulate(noise, kExperiments);
        print(noise, cells);
        INFO(noise.name);
        for (std::size_t k = 0; k < kRounds.size(); ++k) {
            INFO(kRounds[k] << " rounds");
            CHECK(cells.covered[k] >= (kRounds[k] < 8 ? 89 : noise.autocorrelated ? 92 : 95));
            CHECK(std::isfinite(cells.width[k]));
        }
        CHECK(cells.at_stop >= (noise.autocorrelated ? 90 : 93));
        CHECK(cells.width.back() < cells.width[2]);  // more rounds tell more
    }
}

TEST_CASE("the table of medians in docs/measurement.md", "[.median_coverage]") {
    for (const Noise& noise : steady_noises()) {
        const Cells cells = simulate(noise, 20000);
        print(noise, cells);
        fmt::print("| its width, % |");
        for (const double width : cells.width) fmt::print(" {:.0f} |", 100 * width);
        fmt::print(" |\n");
    }
}
