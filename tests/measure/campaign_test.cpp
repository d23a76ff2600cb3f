// A whole campaign with simulated workers: what it takes of each point, and how often.
#include "harness/measure/campaign/campaign.hpp"

#include "tests/catch.hpp"
#include "tests/measure/simulated_campaign.hpp"

using namespace headcount;
using namespace headcount::testing;

TEST_CASE("a campaign counts, checks, times, traces and measures memory, each once") {
    World world;
    const CampaignResult result = world.run();
    CHECK(result.measured == 6);
    CHECK(result.counted == 1);
    CHECK(result.skipped == 1);
    CHECK(result.failed == 0);
    CHECK_FALSE(result.interrupted);
    const Journal journal = world.journal();
    CHECK(journal.points.size() == 8);
    CHECK(world.recorder.points == 8);
    CHECK(journal.rounds.size() == 20);  // noiseless: the first look is enough for both groups
    every_round_is_whole(journal, 3);
    for (const auto& [id, visits] : world.simulation.visits) CHECK(visits == 10);
    for (const auto& [id, checks] : world.simulation.checks) CHECK(checks == 1);
    for (const auto& [id, traces] : world.simulation.traces) CHECK(traces == 1);
    const PointRecord& record = world.record(journal, noisy_id());
    CHECK(record.outcome == Outcome::measured);
    CHECK(record.stopped_because == "target_rel_ci");
    CHECK(record.rounds == 10);
    CHECK(record.check.done);
    CHECK(record.memory.process_peak_bytes == 200);
    CHECK(record.breakdown.size() == 1);
    CHECK(!record.counted.ops.empty());
    const PointRecord& counted = world.record(journal, World::point(8, 1, "counting").id());
    CHECK(counted.outcome == Outcome::counted);
    CHECK(!counted.counted.ops.empty());
    CHECK(world.record(journal, "multi_head/naive/num_heads=3").reason == "3 does not divide 8");
    CHECK(journal.run.limits.size() == 1);
    REQUIRE(journal.run.parts.size() == 1);
    CHECK(journal.run.parts[0].point_ids.size() == 7);
}

TEST_CASE("the peak is looked at beside the rounds, no more than four times a second") {
    World world;
    world.run();
    const Journal journal = world.journal();
    int looks = 0;
    for (const RoundRecord& round : journal.rounds) looks += round.limits.contains("fma_gflops.f32.threads=1") ? 1 : 0;
    CHECK_FALSE(journal.rounds.front().limits.empty());
    CHECK(looks >= 1);
    CHECK(looks <= 1 + static_cast<int>(world.simulation.now_s / 0.25));
    CHECK(looks < static_cast<int>(journal.rounds.size()));
}

TEST_CASE("zero rounds count and run nothing") {
    World world;
    world.sweep.protocol.max_rounds = 0;
    const CampaignResult result = world.run();
    CHECK(result.counted == 7);
    CHECK(world.simulation.workers == 0);
}
