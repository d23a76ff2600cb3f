// The A/A comparison that a campaign begins with.
#include <string>

#include "tests/catch.hpp"
#include "tests/measure/simulated_campaign.hpp"

using namespace headcount;
using namespace headcount::testing;

TEST_CASE("a run begins with an A/A comparison of its cheapest point, once, and a resumed run keeps it") {
    World world;
    world.compare_with_itself = true;
    world.simulation.interrupt_after_visits = 200;  // behind the 160 visits of the comparison
    CHECK(world.run().interrupted);
    const SelfComparison before = world.journal().run.self_comparison;
    REQUIRE(before.wall_s.size() == 2);
    CHECK(before.wall_s[0].size() == 80);
    CHECK(before.points[0] == World::point(8, 1, "naive").id());
    CHECK(before.points[1] == World::point(8, 1, "naive").id() + ",seed=0");
    world.simulation.interrupt_after_visits = -1;
    const int visits_of_twin = world.simulation.visits[before.points[1]];
    CHECK(world.run().measured == 6);
    CHECK(world.journal().run.self_comparison.wall_s == before.wall_s);
    CHECK(world.simulation.visits[before.points[1]] == visits_of_twin);
    for (const PointRecord& record : world.journal().points) CHECK(record.point != before.points[1]);
}

TEST_CASE("an A/A comparison that cannot be taken is said to be unavailable, and the run goes on") {
    World world;
    world.compare_with_itself = true;
    world.simulation.crash_at_visit[World::point(8, 1, "naive").id() + ",seed=0"] = 3;
    CHECK(world.run().measured == 6);
    CHECK(world.journal().run.self_comparison.empty());
    CHECK(world.journal().run.environment.at("self_comparison") == "unavailable: crashed: signal 11");
}
