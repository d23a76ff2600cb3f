// A forecast against the campaign it speaks of, both on a simulated clock.
#include "harness/measure/forecast/foresee.hpp"

#include <limits>

#include "harness/measure/forecast/budget_for.hpp"
#include "harness/measure/plan/predict.hpp"
#include "tests/catch.hpp"
#include "tests/measure/simulated_campaign.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

/// The plan of the world, whose passes take so long and whose other parts take no time, as the simulation has it.
Plan plan_of(const World& world, double pass_s) {
    Plan plan = make_plan(world.sweep);
    for (PlannedPoint& planned : plan.points) {
        planned.forward_s = pass_s;
        planned.check_s = planned.prepare_s = 0;
    }
    sum_rounds(plan, world.sweep.protocol);
    return plan;
}

/// A group's rounds in a campaign whose visits scatter so that no interval is ever narrow enough.
std::map<std::string, int> rounds_taken(World& world, double pass_s) {
    world.simulation.seconds = [=](const std::string& id, int n) {
        return pass_s * (1 + (id.find("num_heads") == std::string::npos ? 0 : 0.9 * ((n * 7) % 11) / 11));
    };
    world.run();
    std::map<std::string, int> rounds;
    for (const RoundRecord& round : world.journal().rounds) ++rounds[round.group];
    return rounds;
}

}  // namespace

TEST_CASE("without a budget every group takes max_rounds, or as many as the target asks of its scatter") {
    World world;
    world.sweep.protocol.budget_s = 0;
    const Plan plan = plan_of(world, 0.01);
    const auto rounds = [&](double scatter) {
        return foresee(plan, world.sweep.protocol, scatter, 0).groups[0].rounds;
    };
    CHECK(rounds(0) == 10);
    CHECK(rounds(0.015) == 20);
    CHECK(rounds(0.025) == 40);
    CHECK(rounds(std::numeric_limits<double>::infinity()) == 80);
    CHECK(foresee(plan, world.sweep.protocol, 0, 0).groups[0].ends == Ends::target);
    CHECK(foresee(plan, world.sweep.protocol, 1, 0).groups[0].ends == Ends::max_rounds);
}

TEST_CASE("what the budget will cut is what it cuts") {
    constexpr double kPass_s = 0.1;
    for (const double budget_s : {6.0, 20.0, 60.0, 200.0}) {
        World world;
        world.sweep.protocol.budget_s = budget_s;
        const Plan plan = plan_of(world, kPass_s);
        const Forecast forecast = foresee(plan, world.sweep.protocol, std::numeric_limits<double>::infinity(), 0);
        const std::map<std::string, int> taken = rounds_taken(world, kPass_s);
        REQUIRE(taken.size() == 2);
        INFO("budget " << budget_s);
        for (std::size_t g = 0; g < plan.groups.size(); ++g) {
            // The simulated visits are up to 1.6 times as long as planned, and the campaign shares by what it measures.
            CHECK(taken.at(plan.groups[g].id) >= forecast.groups[g].rounds / 2);
            CHECK(taken.at(plan.groups[g].id) <= forecast.groups[g].rounds * 2);
        }
        CHECK((forecast.groups[0].ends == Ends::budget) == (budget_s < 200));
    }
}

TEST_CASE("a budget for so many rounds lets them be taken, and little more") {
    World world;
    world.sweep.protocol.budget_s = 5;
    const Plan plan = plan_of(world, 0.1);
    const auto rounds = [&](const Protocol& protocol) {
        return foresee(plan, protocol, kUsualScatter, 0).groups[0].rounds;
    };
    REQUIRE(rounds(world.sweep.protocol) < 10);
    const Protocol enough = protocol_for_rounds(plan, world.sweep.protocol, {0, 1}, 20, kUsualScatter, 0);
    CHECK(rounds(enough) >= 20);
    CHECK(enough.max_rounds == world.sweep.protocol.max_rounds);
    CHECK(enough.target_rel_ci == world.sweep.protocol.target_rel_ci);
    Protocol less = enough;
    less.budget_s = 0.5 * enough.budget_s;
    CHECK(rounds(less) < 20);
    const Protocol many = protocol_for_rounds(plan, world.sweep.protocol, {0}, 300, kUsualScatter, 0);
    CHECK(many.max_rounds == 300);
    CHECK(many.target_rel_ci < world.sweep.protocol.target_rel_ci);
    CHECK(rounds(many) >= 300);
}

TEST_CASE("a plan in which nothing is timed takes no time") { CHECK(foresee({}, {}, kUsualScatter, 0).seconds == 0); }
