// A journal whose campaign has changed since: what may be gone on with, and what is another measurement.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "harness/core/error.hpp"
#include "harness/journal/journal.hpp"
#include "tests/catch.hpp"
#include "tests/measure/simulated_campaign.hpp"

using namespace headcount;
using namespace headcount::testing;
namespace fs = std::filesystem;

TEST_CASE("a journal of another question, protocol or seed is not gone on with") {
    World world;
    world.run();
    const auto refused = [&](const char* expected) {
        try {
            world.run();
        } catch (const UsageError& error) {
            return std::string(error.what()).find(expected) != std::string::npos;
        }
        return false;
    };
    const Sweep original = world.sweep;
    world.sweep.config_hash = "c-2";
    CHECK(refused("another question"));
    world.sweep = original;
    world.sweep.seed = 2;
    CHECK(refused("another question"));
    world.sweep = original;
    world.sweep.protocol.max_rounds = 20;
    CHECK(refused("max_rounds was 80, is 20"));
    const CampaignResult fresh = world.run(true);
    CHECK_FALSE(fresh.resumed);
    CHECK(fresh.rounds == 20);
    CHECK(fs::exists(world.output().string() + ".old"));
}

TEST_CASE("a larger budget goes on with what a smaller one ended: nothing lost, nothing twice, and said") {
    World world, whole;
    world.simulation.seconds = whole.simulation.seconds = [](const std::string& id, int n) {
        return 0.01 * (1 + (id == noisy_id() || id.ends_with("num_heads=4") ? (n * 7) % 11 : 0));
    };
    whole.run();
    const Journal expected = whole.journal();
    world.sweep.protocol.budget_s = 1;
    CHECK(world.run().budget_ended);
    const Journal before = world.journal();
    CHECK(before.resumes.empty());
    REQUIRE(before.rounds.size() < 20);
    CHECK(world.record(before, noisy_id()).budget_s == 1);

    world.sweep.protocol.budget_s = 600;
    SECTION("in one go") { CHECK_FALSE(world.run().budget_ended); }
    SECTION("interrupted on the way") {
        world.simulation.interrupt_after_visits = static_cast<int>(world.simulation.order.size()) + 40;
        CHECK(world.run().interrupted);
        world.simulation.interrupt_after_visits = -1;
        CHECK_FALSE(world.run().budget_ended);
    }
    const Journal after = world.journal();
    CHECK(after.warnings.empty());
    CHECK(after.points.size() == before.points.size());
    CHECK(expected.rounds.size() >= 40);
    CHECK(after.rounds.size() == expected.rounds.size());
    every_round_is_whole(after, 3);
    for (std::size_t i = 0; i < before.rounds.size(); ++i) {
        CHECK(journal_line(after.rounds[i]) == journal_line(before.rounds[i]));
    }
    for (const PointRecord& point : after.points) {
        if (point.outcome != Outcome::measured) continue;
        CHECK(point.rounds == world.record(expected, point.point).rounds);
        CHECK(point.stopped_because == world.record(expected, point.point).stopped_because);
        CHECK(point.budget_s == -1);
        CHECK(point.reason.empty());
        CHECK(point.check.done);
    }
    for (const auto& [id, checks] : world.simulation.checks) CHECK(checks == 1);
    for (const auto& [id, traces] : world.simulation.traces) CHECK(traces == 1);
    for (const auto& [id, memories] : world.simulation.memories) CHECK(memories == 1);
    REQUIRE(!after.resumes.empty());
    CHECK(after.resumes.front().changed == "budget_s was 1.0, is 600.0");
    CHECK(after.resumes.front().rounds == static_cast<std::int64_t>(before.rounds.size()));
    CHECK(after.run.protocol.budget_s == 1);
    CHECK(after.run.run == before.run.run);
    CHECK(std::any_of(world.recorder.messages.begin(), world.recorder.messages.end(),
                      [](const std::string& m) { return m.find("budget_s was 1.0, is 600.0") != std::string::npos; }));
}

TEST_CASE("a smaller budget than before opens nothing again, and a finished journal stays as it is") {
    World world;
    world.simulation.seconds = [](const std::string&, int n) { return 0.01 * (1 + n % 5); };
    world.sweep.protocol.budget_s = 1;
    world.run();
    const auto size = fs::file_size(world.output());
    world.sweep.protocol.budget_s = 0.5;
    CHECK(world.run().rounds == 0);
    world.sweep.protocol.timeout_s = 1234;  // safety, not meaning
    CHECK(world.run().rounds == 0);
    CHECK(fs::file_size(world.output()) == size);
}

TEST_CASE("what changes a sample or the looks is another measurement") {
    World world;
    world.run();
    const Protocol original = world.sweep.protocol;
    const auto refused = [&](const std::function<void(Protocol&)>& change) {
        world.sweep.protocol = original;
        change(world.sweep.protocol);
        try {
            world.run();
        } catch (const UsageError& error) {
            return std::string(error.what()).find("another protocol") != std::string::npos;
        }
        return false;
    };
    CHECK(refused([](Protocol& p) { p.min_sample_s *= 2; }));
    CHECK(refused([](Protocol& p) { p.cold_cache = true; }));
    CHECK(refused([](Protocol& p) { p.min_rounds = 11; }));
    CHECK(refused([](Protocol& p) { p.max_rounds = 160; }));  // more looks after seeing the data
    CHECK(refused([](Protocol& p) { p.target_rel_ci = 0.01; }));
    CHECK_FALSE(refused([](Protocol& p) { p.budget_s = 5; }));
    CHECK_FALSE(refused([](Protocol& p) { p.timeout_s = 5; }));
    CHECK_FALSE(refused([](Protocol& p) { p.memory_limit_bytes = std::int64_t{1} << 33; }));
}
