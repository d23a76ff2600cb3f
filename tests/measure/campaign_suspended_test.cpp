// A process that was stopped, or a machine that slept, in the middle: no sample of it is kept.
#include <cstdint>
#include <string>

#include "harness/journal/journal.hpp"
#include "harness/measure/process/running_clock.hpp"
#include "tests/catch.hpp"
#include "tests/measure/simulated_campaign.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

/// Stands still at each of these visits, which take eight seconds then.
void stand_still(World& world, int from, int until) {
    world.simulation.seconds = [&world, from, until](const std::string&, int) {
        const auto visit = static_cast<int>(world.simulation.order.size()) - 1;
        if (visit < from || visit >= until) return 0.001;
        note_suspension();
        return 8.0;
    };
}

}  // namespace

TEST_CASE("a round in which the process stood still is taken again") {
    World world;
    stand_still(world, 4, 5);
    CHECK(world.run().measured == 6);
    const Journal journal = world.journal();
    every_round_is_whole(journal, 3);
    for (const RoundRecord& round : journal.rounds) {
        CHECK_FALSE(round.disturbed);
        for (const Sample& sample : round.samples) CHECK(sample.wall_s < 1);
    }
    bool said = false;
    for (const std::string& message : world.recorder.messages) {
        said = said || message.find("stood still meanwhile; taken again") != std::string::npos;
    }
    CHECK(said);
}

TEST_CASE("one that cannot be had undisturbed is kept and marked") {
    World world;
    stand_still(world, 3, 12);  // the second round and its two repetitions
    CHECK(world.run().measured == 6);
    int disturbed = 0;
    for (const RoundRecord& round : world.journal().rounds) disturbed += round.disturbed ? 1 : 0;
    CHECK(disturbed == 1);
    every_round_is_whole(world.journal(), 3);
}
