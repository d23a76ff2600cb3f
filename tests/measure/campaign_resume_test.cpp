// A campaign that was interrupted or is finished, run again: nothing lost, nothing twice.
#include <cstddef>
#include <filesystem>

#include "tests/catch.hpp"
#include "tests/measure/simulated_campaign.hpp"

using namespace headcount;
using namespace headcount::testing;
namespace fs = std::filesystem;

TEST_CASE("running the same campaign again takes nothing twice") {
    World world;
    world.run();
    const auto size = fs::file_size(world.output());
    const CampaignResult again = world.run();
    CHECK(again.resumed);
    CHECK(again.rounds == 0);
    CHECK(again.measured == 6);
    CHECK(fs::file_size(world.output()) == size);
}

TEST_CASE("wherever a campaign is interrupted, going on gives what one run would have given") {
    World whole;
    whole.simulation.seconds = [](const std::string& id, int n) {
        return id == noisy_id() ? 0.001 * (1 + n % 7) : 0.001;
    };
    whole.run();
    const Journal expected = whole.journal();
    for (const int after : {0, 1, 5, 29, 30, 31, 45, 60, 61, 100, 150}) {
        World world;
        world.simulation.seconds = whole.simulation.seconds;
        world.simulation.interrupt_after_visits = after;
        const CampaignResult first = world.run();
        CHECK(first.interrupted);
        const auto rounds_before = world.journal().rounds.size();
        CHECK(rounds_before == static_cast<std::size_t>(after / 3));  // the round in hand only is lost
        world.simulation.interrupt_after_visits = -1;
        const CampaignResult second = world.run();
        CHECK_FALSE(second.interrupted);
        CHECK(second.measured == 6);
        const Journal journal = world.journal();
        INFO("interrupted after visit " << after);
        CHECK(journal.warnings.empty());
        CHECK(journal.points.size() == expected.points.size());
        every_round_is_whole(journal, 3);
        if (after == 0) CHECK(journal.rounds.size() == expected.rounds.size());
    }
}

TEST_CASE("rounds of one group keep their order of visits whether interrupted or not") {
    World whole, torn;
    whole.run();
    torn.simulation.interrupt_after_visits = 16;
    torn.run();
    torn.simulation.interrupt_after_visits = -1;
    torn.run();
    const Journal a = whole.journal(), b = torn.journal();
    REQUIRE(a.rounds.size() == b.rounds.size());
    for (std::size_t i = 0; i < a.rounds.size(); ++i) {
        CHECK(a.rounds[i].group == b.rounds[i].group);
        for (std::size_t k = 0; k < 3; ++k) CHECK(a.rounds[i].samples[k].point == b.rounds[i].samples[k].point);
    }
}

TEST_CASE("an interrupt before the first line of a journal leaves nothing behind and is no failure") {
    World world;
    world.compare_with_itself = true;
    world.simulation.interrupt_after_visits = 10;
    CHECK(world.run().interrupted);
    world.simulation.interrupt_after_visits = -1;
    const CampaignResult again = world.run();
    CHECK(again.measured == 6);
    CHECK_FALSE(again.resumed);
}
