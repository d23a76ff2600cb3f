// Points that an older bound ended: tried again under a wider one, with the rounds of the others beside them.
#include <cstdint>
#include <filesystem>
#include <string>

#include "harness/journal/journal.hpp"
#include "tests/catch.hpp"
#include "tests/measure/simulated_campaign.hpp"

using namespace headcount;
using namespace headcount::testing;
namespace fs = std::filesystem;

namespace {

/// The noisy point meets a bound in its first sitting.
void meet(World& world, const std::string& reason, const std::string& bound) {
    world.simulation.wrong[noisy_id()] = reason;
    world.simulation.bound[noisy_id()] = bound;
    world.sweep.protocol.timeout_s = 3;
    world.sweep.protocol.memory_limit_bytes = std::int64_t{1} << 30;
    CHECK(world.run().failed == 1);
    world.simulation.wrong.clear();
}

void all_is_measured_and_paired(World& world, const Journal& before) {
    const Journal after = world.journal();
    CHECK(after.warnings.empty());
    CHECK(after.points.size() == before.points.size());
    const PointRecord& noisy = world.record(after, noisy_id());
    CHECK(noisy.outcome == Outcome::measured);
    CHECK(noisy.rounds >= 10);
    CHECK(noisy.reason.empty());
    CHECK(noisy.bound == -1);
    int together = 0;
    for (const RoundRecord& round : after.rounds) {
        if (round.group == noisy.group) together += round.samples.size() == 3 ? 1 : 0;
    }
    CHECK(together == noisy.rounds);
    for (std::size_t i = 0; i < before.rounds.size(); ++i) {
        CHECK(journal_line(after.rounds[i]) == journal_line(before.rounds[i]));
    }
    REQUIRE(after.resumes.size() == 1);
    CHECK(after.resumes[0].again == std::vector<std::string>{noisy_id()});
}

}  // namespace

TEST_CASE("a point that timed out is tried again under a longer time, and no other way") {
    World world;
    meet(world, "timed out: no answer within 3 s", "timeout_s");
    const Journal before = world.journal();
    CHECK(world.record(before, noisy_id()).stopped_because == "timeout_s");
    CHECK(world.record(before, noisy_id()).bound == 3);
    const auto size = fs::file_size(world.output());
    for (const double timeout_s : {3.0, 2.0}) {
        world.sweep.protocol.timeout_s = timeout_s;
        world.sweep.protocol.memory_limit_bytes *= 2;
        CHECK(world.run().failed == 1);
        CHECK(fs::file_size(world.output()) == size);
    }
    world.sweep.protocol.timeout_s = 5;
    const CampaignResult result = world.run();
    CHECK(result.failed == 0);
    CHECK(result.measured == 6);
    all_is_measured_and_paired(world, before);
    CHECK(world.run().rounds == 0);
}

TEST_CASE("a point that ran out of memory is tried again with more, and no other way") {
    World world;
    meet(world, "out of memory", "memory_limit_bytes");
    const Journal before = world.journal();
    CHECK(world.record(before, noisy_id()).stopped_because == "memory_limit_bytes");
    const auto size = fs::file_size(world.output());
    world.sweep.protocol.timeout_s = 100;
    CHECK(world.run().failed == 1);
    CHECK(fs::file_size(world.output()) == size);
    world.sweep.protocol.memory_limit_bytes *= 2;
    CHECK(world.run().failed == 0);
    all_is_measured_and_paired(world, before);
}

TEST_CASE("a sitting that is interrupted before the point's turn tries it in the next one") {
    World world;
    meet(world, "timed out: no answer within 3 s", "timeout_s");
    world.sweep.protocol.timeout_s = 5;
    world.simulation.interrupt_after_visits = static_cast<int>(world.simulation.order.size()) + 4;
    CHECK(world.run().interrupted);
    world.simulation.interrupt_after_visits = -1;
    const CampaignResult result = world.run();
    CHECK(result.failed == 0);
    CHECK(result.measured == 6);
    CHECK(world.journal().warnings.empty());
}

TEST_CASE("a point that times out under the longer time, too, says that") {
    World world;
    meet(world, "timed out: no answer within 3 s", "timeout_s");
    world.sweep.protocol.timeout_s = 5;
    world.simulation.wrong[noisy_id()] = "timed out: no answer within 5 s";
    CHECK(world.run().failed == 1);
    const Journal journal = world.journal();
    CHECK(world.record(journal, noisy_id()).bound == 5);
    CHECK(world.record(journal, noisy_id()).reason.ends_with("5 s"));
    CHECK(world.run().rounds == 0);
    world.simulation.wrong.clear();
    world.sweep.protocol.timeout_s = 6;
    CHECK(world.run().failed == 0);
}

TEST_CASE("journals whose failures name no bound are understood by what they say") {
    World world;
    meet(world, "timed out: no answer within 3 s", "");
    CHECK(world.record(world.journal(), noisy_id()).stopped_because.empty());
    CHECK(world.run().failed == 1);
    world.sweep.protocol.timeout_s = 5;
    CHECK(world.run().failed == 0);
}

TEST_CASE("a wrong result stays one, unless it is asked for again") {
    World world;
    meet(world, "wrong result: error 1 where 1e-05 is allowed, at row 3", "");
    world.sweep.protocol.timeout_s = 100;
    world.sweep.protocol.memory_limit_bytes *= 8;
    CHECK(world.run().failed == 1);
    world.retry_failed = true;
    CHECK(world.run().failed == 0);
    CHECK(world.record(world.journal(), noisy_id()).outcome == Outcome::measured);
}

TEST_CASE("points that were skipped for a limit of memory are measured once it is higher") {
    World world;
    world.sweep.protocol.memory_limit_bytes = 1;  // nothing fits
    const CampaignResult first = world.run();
    CHECK(first.measured == 0);
    CHECK(first.skipped == 7);
    const auto size = fs::file_size(world.output());
    CHECK(world.run().skipped == 7);
    CHECK(fs::file_size(world.output()) == size);
    world.sweep.protocol.memory_limit_bytes = std::int64_t{1} << 33;
    const CampaignResult second = world.run();
    CHECK(second.measured == 6);
    CHECK(second.skipped == 1);  // 3 heads divide no width of 8 under any limit
    const Journal journal = world.journal();
    CHECK(journal.warnings.empty());
    REQUIRE(journal.resumes.size() == 1);
    CHECK(journal.resumes[0].again.size() == 6);
    CHECK(journal.resumes[0].changed.find("memory_limit_bytes was 1, is") != std::string::npos);
    every_round_is_whole(journal, 3);
}
