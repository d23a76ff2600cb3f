// What an accident costs a campaign: the culprit, and nothing else.
#include <cstddef>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/measure/simulated_campaign.hpp"

using namespace headcount;
using namespace headcount::testing;

TEST_CASE("a wrong answer gives a failed record and never a sample") {
    World world;
    world.simulation.wrong[noisy_id()] = "wrong result: error 1 where 1e-05 is allowed, at row 3";
    const CampaignResult result = world.run();
    CHECK(result.failed == 1);
    CHECK(result.measured == 5);
    const Journal journal = world.journal();
    CHECK(world.record(journal, noisy_id()).outcome == Outcome::failed);
    CHECK(world.record(journal, noisy_id()).reason.find("row 3") != std::string::npos);
    for (const RoundRecord& round : journal.rounds) {
        for (const Sample& sample : round.samples) CHECK(sample.point != noisy_id());
    }
}

TEST_CASE("a crash costs the culprit, the group goes on without it in a new stratum") {
    World world;
    world.simulation.crash_at_visit[noisy_id()] = 4;
    const CampaignResult result = world.run();
    CHECK(result.failed == 1);
    CHECK(result.measured == 5);
    const Journal journal = world.journal();
    CHECK(world.record(journal, noisy_id()).reason == "crashed: signal 11");
    std::vector<const RoundRecord*> rounds;
    for (const RoundRecord& round : journal.rounds) {
        if (round.group == world.record(journal, noisy_id()).group) rounds.push_back(&round);
    }
    REQUIRE(rounds.size() == 10);
    for (std::size_t i = 0; i < rounds.size(); ++i) {
        CHECK(rounds[i]->round == static_cast<int>(i));
        CHECK(rounds[i]->samples.size() == (i < 4 ? 3U : 2U));
        CHECK(rounds[i]->stratum == (i < 4 ? 0 : 1));
    }
}

TEST_CASE("a group whose every point crashes ends, and the sweep goes on") {
    World world;
    for (const int heads : {1, 2, 4}) world.simulation.crash_at_visit[World::point(16, heads, "naive").id()] = 0;
    const CampaignResult result = world.run();
    CHECK(result.failed == 3);
    CHECK(result.measured == 3);
    const CampaignResult again = world.run();
    CHECK(again.rounds == 0);
    CHECK(again.failed == 3);
}

TEST_CASE("a crash in the traced pass fails the point; one in the memory child is a note") {
    World world;
    world.simulation.crash_in_trace.insert(World::point(8, 2, "naive").id());
    world.simulation.crash_in_memory.insert(World::point(8, 4, "naive").id());
    const CampaignResult result = world.run();
    CHECK(result.failed == 1);
    const Journal journal = world.journal();
    CHECK(world.record(journal, World::point(8, 2, "naive").id()).outcome == Outcome::failed);
    const PointRecord& noted = world.record(journal, World::point(8, 4, "naive").id());
    CHECK(noted.outcome == Outcome::measured);
    CHECK(noted.memory.process_peak_bytes == -1);
    CHECK(noted.memory.note.find("unavailable") == 0);
}
