// Do intervals and verdicts keep what they promise? Whole experiments, simulated: order, rounds, looks, stopping,
// paired interval, decision. `test_measure "[.coverage]"` prints the table of docs/measurement.md.
#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "harness/measure/campaign/rounds.hpp"
#include "harness/stats/decision.hpp"
#include "harness/stats/paired.hpp"
#include "tests/catch.hpp"
#include "tests/measure/noise.hpp"
#include "tests/slow_build.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

// The bars are those of a full run.
constexpr int kExperiments = kSlowBuild ? 100 : 10000;
constexpr double kAllowance = kSlowBuild ? 6 : 0;  // percent: three standard errors of 100 experiments

constexpr std::array<std::size_t, 4> kRounds{10, 20, 40, 80};
constexpr double kMargin = 0.05;
constexpr double kTrueRatio = 1.3;

Protocol protocol() {
    Protocol p;
    p.min_rounds = static_cast<int>(kRounds.front());
    p.max_rounds = static_cast<int>(kRounds.back());
    p.target_rel_ci = 0.06;  // under plain noise half of the experiments reach it at 20 rounds, the rest at 40
    return p;
}

std::vector<Noise> noises() {
    std::vector<Noise> all = steady_noises();
    all.insert(all.begin() + 1, drift());
    return all;
}

/// Percent of experiments in which something happened: at 10, 20, 40 and 80 rounds, and where the runner stopped.
struct Cells {
    std::array<double, kRounds.size()> at{};
    double at_stop = 0;
    double mean_rounds = 0;  ///< where it stopped
};

using Event = bool (*)(const PairedRatio& ratio, double truth);

/// All rounds of one experiment as the runner takes them, and where its looks would have stopped it.
struct Experiment {
    PairedSeconds seconds;
    std::size_t stop = 0;
};

Experiment run_experiment(const Noise& noise, double ratio, Random& random) {
    const std::vector<std::string> points{"base", "value"};
    const std::uint64_t seed = random();
    NoisySampler sampler(noise, ratio, kRounds.back(), random);
    std::vector<RoundRecord> rounds;
    Experiment experiment;
    int next_look = 0;
    for (std::size_t round = 0; round < kRounds.back(); ++round) {
        RoundRecord record;
        record.round = static_cast<int>(round);
        record.samples = take_round(points, shuffled_order(points.size(), seed, "g", record.round), sampler);
        rounds.push_back(std::move(record));
        if (experiment.stop > 0 || static_cast<int>(rounds.size()) < next_look) continue;
        const StoppingDecision decision = stopping_decision(paired_matrix(points, rounds), protocol(), widest_interval);
        next_look = decision.next_look;
        if (!decision.because.empty()) experiment.stop = rounds.size();
    }
    experiment.seconds = paired_matrix(points, rounds);
    return experiment;
}

PairedRatio ratio_after(const PairedSeconds& seconds, std::size_t rounds) {
    return {std::span(seconds[1]).first(rounds), std::span(seconds[0]).first(rounds)};
}

Cells simulate(const Noise& noise, double truth, Event event, int experiments, std::uint64_t seed) {
    Random random(seed);
    const double percent = 100.0 / experiments;
    Cells cells;
    for (int i = 0; i < experiments; ++i) {
        const Experiment experiment = run_experiment(noise, truth, random);
        for (std::size_t k = 0; k < kRounds.size(); ++k) {
            const bool happened = event(ratio_after(experiment.seconds, kRounds[k]), truth);
            if (happened) cells.at[k] += percent;
            if (happened && kRounds[k] == experiment.stop) cells.at_stop += percent;
        }
        cells.mean_rounds += static_cast<double>(experiment.stop) / experiments;
    }
    return cells;
}

bool covers(const PairedRatio& ratio, double truth) { return ratio.interval().contains(truth); }
bool differs(const PairedRatio& ratio, double /*truth*/) { return !ratio.interval().contains(1); }
bool supports(const PairedRatio& ratio, double /*truth*/) {
    return equivalence(ratio.interval(), 1 - kMargin, 1 + kMargin) == Status::supported;
}

void print_title(const char* title, int experiments) {
    fmt::print("\n{}, percent of {} experiments\n\n", title, experiments);
    fmt::print("| noise | n = 10 | 20 | 40 | 80 | sequential | its mean n |\n|---|---|---|---|---|---|---|\n");
}

void print_row(const Noise& noise, const Cells& cells) {
    fmt::print("| {} |", noise.name);
    for (const double value : cells.at) fmt::print(" {:.1f} |", value);
    fmt::print(" {:.1f} | {:.0f} |\n", cells.at_stop, cells.mean_rounds);
}

constexpr const char* kCoverage = "95 % interval of a ratio of 1.3 covers it";
constexpr const char* kDifferent = "A/A called different";
constexpr const char* kSupported = "Equivalence within 5 % supported at the margin";

void print_table(const char* title, double truth, Event event, std::uint64_t seed) {
    constexpr int kExperimentsOfTable = 20000;
    print_title(title, kExperimentsOfTable);
    for (const Noise& noise : noises()) print_row(noise, simulate(noise, truth, event, kExperimentsOfTable, seed));
}

}  // namespace

TEST_CASE("the 95 % interval covers the truth, after any number of rounds and where the runner stops") {
    print_title(kCoverage, kExperiments);
    for (const Noise& noise : noises()) {
        const Cells cells = simulate(noise, kTrueRatio, covers, kExperiments, 30);
        print_row(noise, cells);
        const double at_least = (noise.autocorrelated ? 90 : 93) - kAllowance;
        // Samples of spikes and of two speeds often look skewed, and their intervals then hold those of the median too.
        const double at_most = (noise.may_look_skewed ? 98 : 97) + kAllowance;
        for (std::size_t k = 1; k < kRounds.size(); ++k) {
            INFO(noise.name << ", " << kRounds[k] << " rounds");
            CHECK(cells.at[k] >= at_least);
            if (!noise.autocorrelated) CHECK(cells.at[k] <= at_most);
        }
        INFO(noise.name << ", stopped after " << cells.mean_rounds << " rounds on average");
        CHECK(cells.at_stop >= at_least);
        if (!noise.autocorrelated) CHECK(cells.at_stop <= at_most);
    }
}

TEST_CASE("equivalence at the margin itself is seldom supported") {
    print_title(kSupported, kExperiments);
    for (const Noise& noise : noises()) {
        const double at_most = (noise.autocorrelated ? 7 : 5) + kAllowance;
        const Cells cells = simulate(noise, 1 + kMargin, supports, kExperiments, 31);
        print_row(noise, cells);
        for (std::size_t k = 0; k < kRounds.size(); ++k) {
            INFO(noise.name << ", " << kRounds[k] << " rounds");
            CHECK(cells.at[k] <= at_most);
        }
        INFO(noise.name << ", where the runner stops");
        CHECK(cells.at_stop <= at_most);
    }
}

TEST_CASE("two runs of the same thing are seldom called different") {
    print_title(kDifferent, kExperiments);
    for (const Noise& noise : noises()) {
        const Cells cells = simulate(noise, 1, differs, kExperiments, 32);
        print_row(noise, cells);
        const double at_most = (noise.autocorrelated ? 7 : 5) + kAllowance;
        for (std::size_t k = 1; k < kRounds.size(); ++k) {
            INFO(noise.name << ", " << kRounds[k] << " rounds");
            CHECK(cells.at[k] <= at_most);
        }
        INFO(noise.name << ", where the runner stops");
        CHECK(cells.at_stop <= at_most);
    }
}

TEST_CASE("the coverage table of docs/measurement.md", "[.coverage]") {
    print_table(kCoverage, kTrueRatio, covers, 120);
    print_table(kDifferent, 1, differs, 122);
    print_table(kSupported, 1 + kMargin, supports, 121);
}
