// The A/A comparison of a run: what it times, how many rounds, and that it stays within its time.
#include "harness/measure/campaign/self_comparison.hpp"

#include "harness/measure/campaign/rounds.hpp"
#include "tests/catch.hpp"
#include "tests/measure/simulated_worker.hpp"

using namespace headcount;

namespace {

const Point kPoint = point_from_id("multi_head/naive/seq_len=8,embed_dim=8,num_heads=2");

Protocol protocol() {
    Protocol p;
    p.budget_s = 0;
    return p;
}

SelfComparison compared(Simulation& simulation, const Protocol& p) {
    SimulatedWorker worker(simulation);
    return compare_with_itself(worker, kPoint, p, 1);
}

}  // namespace

TEST_CASE("a twin does the same work on other numbers") {
    const Point twin = twin_of(kPoint);
    CHECK(twin.id() != kPoint.id());
    CHECK(twin_of(twin) == kPoint);
    Point same = twin;
    same.seed = kPoint.seed;
    CHECK(same == kPoint);
}

TEST_CASE("an A/A comparison is checked, then taken in complete shuffled rounds, as many as the protocol has") {
    Simulation simulation;
    simulation.seconds = [](const std::string& point, int) { return point == kPoint.id() ? 0.001 : 0.0011; };
    const SelfComparison comparison = compared(simulation, protocol());
    REQUIRE(comparison.points.size() == 2);
    CHECK(simulation.checks[comparison.points[0]] == 1);
    CHECK(simulation.checks[comparison.points[1]] == 1);
    REQUIRE(comparison.wall_s.size() == 2);
    CHECK(comparison.wall_s[0].size() == 80);
    CHECK(comparison.wall_s[1].size() == 80);
    for (std::size_t round = 0; round < 80; ++round) {
        CHECK(comparison.wall_s[0][round] == 0.001);
        CHECK(comparison.wall_s[1][round] == 0.0011);
    }
    // Shuffled: either comes first in some rounds.
    int base_first = 0;
    for (std::size_t i = 0; i < simulation.order.size(); i += 2) base_first += simulation.order[i] == kPoint.id();
    CHECK(base_first > 20);
    CHECK(base_first < 60);
}

TEST_CASE("rounds of an A/A comparison are fixed by protocol and time, not by what comes out") {
    Simulation simulation;
    simulation.seconds = [](const std::string&, int) { return 0.001; };
    Protocol p = protocol();
    p.max_rounds = 20;
    CHECK(compared(simulation, p).wall_s[0].size() == 20);
    p.max_rounds = 5;  // no interval exists: nothing is timed at all
    const auto visits = simulation.order.size();
    CHECK(compared(simulation, p).empty());
    CHECK(simulation.order.size() == visits);
    p = protocol();
    p.min_sample_s = 0.02;  // a round of 42 ms: 47 fit into two seconds
    CHECK(compared(simulation, p).wall_s[0].size() == 47);
    p.budget_s = 5;  // a twentieth: 0.25 s, but not fewer than a first look
    CHECK(compared(simulation, p).wall_s[0].size() == 10);
    p.min_sample_s = 0.2;  // ten rounds would take 4 s
    CHECK(compared(simulation, p).empty());
}

TEST_CASE("a point that is wrong is not compared with itself") {
    Simulation simulation;
    simulation.seconds = [](const std::string&, int) { return 0.001; };
    simulation.wrong[kPoint.id()] = "wrong result";
    CHECK_THROWS_AS(compared(simulation, protocol()), PointFailure);
    CHECK(simulation.order.empty());
}
