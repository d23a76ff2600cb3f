// Where the rounds of a campaign go and when they end: uncertainty, looks, budget.
#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "tests/catch.hpp"
#include "tests/measure/simulated_campaign.hpp"

using namespace headcount;
using namespace headcount::testing;

TEST_CASE("more rounds go where the interval is wide") {
    World world;
    world.simulation.seconds = [](const std::string& id, int n) {
        return id == noisy_id() ? 0.001 * (1.0 + 0.1 * ((n * 7) % 11)) : 0.001;
    };
    world.run();
    const Journal journal = world.journal();
    CHECK(world.record(journal, World::point(8, 1, "naive").id()).rounds == 10);
    CHECK(world.record(journal, noisy_id()).rounds > 10);
    CHECK(world.record(journal, noisy_id()).stopped_because != "target_rel_ci");
}

TEST_CASE("the budget ends a sweep, and every record says so") {
    World world;
    world.sweep.protocol.budget_s = 0.5;
    world.simulation.seconds = [](const std::string&, int n) { return 0.01 * (1 + n % 5); };
    const CampaignResult result = world.run();
    CHECK(result.budget_ended);
    CHECK(result.measured == 6);
    // A first look takes 3.6 s here. For it the budget may be overdrawn once, and a round may be in hand then.
    CHECK(result.sampled_s > 0.5);
    CHECK(result.sampled_s < 1.0 + 2 * 3 * 2 * 0.05);
    const Journal journal = world.journal();
    CHECK(journal.rounds.size() >= 2);
    CHECK(world.record(journal, noisy_id()).reason.find("of the 10 rounds of a first look") != std::string::npos);
    std::set<std::string> groups;
    for (const RoundRecord& round : journal.rounds) groups.insert(round.group);
    CHECK(groups.size() == 2);
    CHECK(world.record(journal, noisy_id()).stopped_because == "budget");
    const CampaignResult again = world.run();
    CHECK(again.rounds == 0);
}

TEST_CASE("a group has its first look though checks and preparations used the budget up") {
    World world;
    world.sweep.protocol.budget_s = 0.12;  // a first look of both groups takes 0.18 s
    world.simulation.seconds = [](const std::string&, int n) { return 0.001 * (1 + n % 2); };
    world.run();
    const Journal journal = world.journal();
    for (const PointRecord& point : journal.points) {
        if (point.outcome != Outcome::measured) continue;
        CHECK(point.rounds == 10);
        CHECK(point.reason.empty());
    }
}

TEST_CASE("a budget goes where results are uncertain, not evenly") {
    // Twelve groups alike in cost; one of them is noisy. The budget is for 12 first looks and as much again.
    World world;
    Part& part = world.sweep.parts.front();
    part.points.clear();
    for (int seq_len = 8; seq_len < 20; ++seq_len) {
        for (const int num_heads : {1, 2}) part.points.push_back(World::point(seq_len, num_heads, "naive"));
    }
    world.sweep.protocol.max_rounds = 160;
    world.sweep.protocol.budget_s = 12 * 10 * 2 * 2 * 0.001 * 2;
    world.simulation.seconds = [](const std::string& id, int n) {
        const double quiet = 0.001 * (1 + 0.05 * ((n * 5) % 7) / 7);  // 2 % is not reached at once either
        return id == noisy_id() ? 0.001 * (0.7 + 0.6 * ((n * 7) % 11) / 11) : quiet;
    };
    const CampaignResult result = world.run();
    CHECK(result.sampled_s < world.sweep.protocol.budget_s + 0.01);
    int noisy = 0, most_of_the_others = 0;
    const Journal journal = world.journal();
    for (const PointRecord& point : journal.points) {
        if (point.outcome != Outcome::measured) continue;
        CHECK(point.rounds >= 10);
        int& rounds = point.group == world.record(journal, noisy_id()).group ? noisy : most_of_the_others;
        rounds = std::max(rounds, point.rounds);
    }
    CHECK(noisy >= 80);
    CHECK(most_of_the_others <= 20);
}

TEST_CASE("what the records of open points will take is kept back from the budget") {
    // The group of 8 is quiet and closes first, three seconds for its three points. The other one may have what is left
    // without the three that its own points will take: to the look at 320 rounds, 2.2 s, and not to the next, 4.5 s.
    World world;
    world.sweep.protocol.budget_s = 10;
    world.sweep.protocol.max_rounds = 5000;
    world.simulation.memory_s = 1;
    world.simulation.seconds = [](const std::string& id, int n) {
        return id == noisy_id() ? 0.001 * (1 + std::fmod(0.618 * n, 1.0)) : 0.001;
    };
    SECTION("in one sitting") { CHECK(world.run().budget_ended); }
    SECTION("in two") {
        world.simulation.interrupt_after_visits = 100;
        CHECK(world.run().interrupted);
        world.simulation.interrupt_after_visits = -1;
        CHECK(world.run().budget_ended);
    }
    CHECK(world.record(world.journal(), noisy_id()).rounds == 320);
    CHECK(world.simulation.now_s < 10);
}
