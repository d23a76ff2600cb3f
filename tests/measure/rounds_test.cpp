// Order, pairing and stopping, without a clock.
#include "harness/measure/campaign/rounds.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "harness/core/error.hpp"
#include "tests/catch.hpp"
#include "tests/measure/simulated_worker.hpp"

using namespace headcount;

namespace {

Protocol protocol_of(int min_rounds, int max_rounds, double target) {
    Protocol protocol;
    protocol.min_rounds = min_rounds;
    protocol.max_rounds = max_rounds;
    protocol.target_rel_ci = target;
    return protocol;
}

PairedSeconds rounds_of(std::size_t count) { return PairedSeconds(2, std::vector<double>(count, 1.0)); }

}  // namespace

TEST_CASE("an order visits every point once and is the same for the same seed, group and round") {
    for (std::size_t count : {1U, 2U, 7U, 100U}) {
        const auto order = shuffled_order(count, 1, "g", 3);
        CHECK(std::set<std::size_t>(order.begin(), order.end()).size() == count);
        CHECK(*std::max_element(order.begin(), order.end()) == count - 1);
        CHECK(order == shuffled_order(count, 1, "g", 3));
    }
    CHECK(shuffled_order(100, 1, "g", 3) != shuffled_order(100, 1, "g", 4));
    CHECK(shuffled_order(100, 1, "g", 3) != shuffled_order(100, 2, "g", 3));
    CHECK(shuffled_order(100, 1, "g", 3) != shuffled_order(100, 1, "h", 3));
}

TEST_CASE("no point has a favourite place in the order") {
    constexpr std::size_t kPoints = 5;
    constexpr int kRounds = 20000;
    std::map<std::pair<std::size_t, std::size_t>, int> seen;
    for (int round = 0; round < kRounds; ++round) {
        const auto order = shuffled_order(kPoints, 42, "group", round);
        for (std::size_t place = 0; place < kPoints; ++place) ++seen[{order[place], place}];
    }
    // Binomial with p = 1/5: 5 standard deviations are 283 of 4000 expected.
    for (const auto& [where, count] : seen) CHECK(std::abs(count - kRounds / 5) < 283);
    CHECK(seen.size() == kPoints * kPoints);
}

TEST_CASE("a round names each sample's point and its place") {
    Simulation simulation;
    simulation.seconds = [](const std::string& point, int) { return point == "a" ? 1.0 : 2.0; };
    SimulatedWorker worker(simulation);
    const auto samples = take_round({"a", "b"}, {1, 0}, worker);
    REQUIRE(samples.size() == 2);
    CHECK(samples[0].point == "b");
    CHECK(samples[0].order == 0);
    CHECK(samples[0].wall_s == 2.0);
    CHECK(samples[1].point == "a");
    CHECK(samples[1].order == 1);
}

TEST_CASE("looks are fixed beforehand") {
    CHECK(looks(protocol_of(10, 80, 0)) == std::vector<int>{10, 20, 40, 80});
    CHECK(looks(protocol_of(10, 50, 0)) == std::vector<int>{10, 20, 40, 50});
    CHECK(looks(protocol_of(10, 10, 0)) == std::vector<int>{10});
    CHECK(looks(protocol_of(10, 3, 0)) == std::vector<int>{3});
    CHECK(looks(protocol_of(10, 0, 0)).empty());
}

TEST_CASE("between two looks nothing is decided, however narrow the interval") {
    int asked = 0;
    const WidestInterval narrow = [&](const PairedSeconds&) {
        ++asked;
        return 0.0;
    };
    for (const std::size_t taken : {0U, 1U, 9U}) {
        const StoppingDecision decision = stopping_decision(rounds_of(taken), protocol_of(10, 80, 0.01), narrow);
        CHECK(decision.because.empty());
        CHECK(decision.next_look == 10);
    }
    CHECK(asked == 0);
    CHECK(stopping_decision(rounds_of(10), protocol_of(10, 80, 0.01), narrow).because == "target_rel_ci");
}

TEST_CASE("a decision looks at the rounds of its look only, so that a resumed run decides alike") {
    const WidestInterval width = [](const PairedSeconds& m) { return m.front().size() == 20 ? 0.001 : 1.0; };
    CHECK(stopping_decision(rounds_of(19), protocol_of(10, 80, 0.01), width).next_look == 20);
    CHECK(stopping_decision(rounds_of(20), protocol_of(10, 80, 0.01), width).because == "target_rel_ci");
    CHECK(stopping_decision(rounds_of(33), protocol_of(10, 80, 0.01), width).because == "target_rel_ci");
}

TEST_CASE("the last look stops, and so do two doublings that do not narrow the interval") {
    const auto root = [](const PairedSeconds& m) { return 1 / std::sqrt(static_cast<double>(m.front().size())); };
    const auto flat = [](const PairedSeconds&) { return 0.5; };
    const Protocol protocol = protocol_of(10, 80, 0.01);
    CHECK(stopping_decision(rounds_of(40), protocol, root).next_look == 80);
    CHECK(stopping_decision(rounds_of(80), protocol, root).because == "max_rounds");
    CHECK(stopping_decision(rounds_of(20), protocol, flat).next_look == 40);
    CHECK(stopping_decision(rounds_of(40), protocol, flat).because == "plateau");
}

TEST_CASE("pairs are the rounds in which all points were visited") {
    std::vector<RoundRecord> rounds(3);
    rounds[0].samples = {{.point = "b", .wall_s = 2}, {.point = "a", .wall_s = 1}};
    rounds[1].samples = {{.point = "a", .wall_s = 9}};
    rounds[2].samples = {{.point = "a", .wall_s = 3}, {.point = "c", .wall_s = 7}, {.point = "b", .wall_s = 4}};
    CHECK(paired_matrix({"a", "b"}, rounds) == PairedSeconds{{1, 3}, {2, 4}});
    CHECK(paired_matrix({"a"}, rounds) == PairedSeconds{{1, 9, 3}});
}

TEST_CASE("drift that both points share does not widen the interval of their ratio") {
    PairedSeconds steady(2), drifting(2), lone(1);
    std::mt19937_64 random(3);
    std::normal_distribution<double> noise(0, 0.003);
    for (int round = 0; round < 40; ++round) {
        const double drift = 1 + 0.02 * round;
        const double a = std::exp(noise(random)), b = 1.5 * std::exp(noise(random));
        steady[0].push_back(a);
        steady[1].push_back(b);
        drifting[0].push_back(a * drift);
        drifting[1].push_back(b * drift);
        lone[0].push_back(a * drift);
    }
    CHECK(widest_interval(drifting) == Approx(widest_interval(steady)).epsilon(1e-6));
    CHECK(widest_interval(steady) < 0.01);
    CHECK(widest_interval(lone) > 0.1);
    CHECK(std::isinf(widest_interval({{1.0}})));
    CHECK(std::isinf(widest_interval({})));
}
