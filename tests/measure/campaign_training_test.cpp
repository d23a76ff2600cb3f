// Points that are trained: the learning rate first, by validation alone, then one seed a round; resumed without loss.
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "harness/core/field_table.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "tests/catch.hpp"
#include "tests/measure/simulated_campaign.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

std::string id(int heads) {
    return "multi_head/naive/task=d_retrieval,batch=4,q_len=1,kv_len=3,embed_dim=8" +
           (heads == 1 ? std::string() : ",num_heads=" + std::to_string(heads)) +
           ",learning_rates=3,steps=10,test_examples=8,train_examples=8";
}

/// Two points in one group, three seeds, three rates each; more heads want the smaller rate.
struct TrainingWorld : World {
    TrainingWorld();
};

TrainingWorld::TrainingWorld() {
    Part part{.name = "", .compare_by = {"num_heads"}, .axes = {"num_heads"}, .points = {}, .skipped = {}};
    for (const int heads : {1, 2}) part.points.push_back(point_from_id(id(heads), known_fields()));
    sweep.fields = known_fields();
    sweep.parts = {part};
    sweep.protocol.min_rounds = 1;
    sweep.protocol.max_rounds = 3;
    sweep.protocol.target_rel_ci = 100;  // would stop any other group at once
    simulation.validation_error = [](const std::string& point, double rate) {
        const double best = point.find("num_heads") == std::string::npos ? 0.003 : 0.001;
        return 1 + std::abs(std::log(rate / best));
    };
}

}  // namespace

TEST_CASE("each point tries its rates on validation data, then trains one seed a round with the best") {
    TrainingWorld world;
    const CampaignResult result = world.run();
    CHECK(result.measured == 2);
    CHECK(result.rounds == 3);
    const Journal journal = world.journal();
    REQUIRE(journal.tunings.size() == 2);
    std::map<std::string, double> chosen;
    for (const TuningRecord& tuning : journal.tunings) {
        chosen[tuning.point] = tuning.learning_rate;
        CHECK(tuning.tried.size() == 3);
        for (const Sample& sample : tuning.tried) CHECK_FALSE(sample.results.contains("test_error"));
    }
    CHECK(chosen == std::map<std::string, double>{{id(1), 0.003}, {id(2), 0.001}});
    every_round_is_whole(journal, 2);
    std::set<std::pair<std::string, std::int64_t>> seeds;
    for (std::size_t i = 0; i < world.simulation.trained.size(); ++i) {
        const auto& [point, run, rate] = world.simulation.trained[i];
        if (i < 6) CHECK(run < 0);
        if (i >= 6) CHECK(rate == chosen.at(point));
        if (run >= 0) CHECK(seeds.emplace(point, run).second);
    }
    CHECK(seeds.size() == 6);
    CHECK(world.simulation.visits.empty());
    for (const PointRecord& record : journal.points) CHECK(record.stopped_because == "max_rounds");
}

TEST_CASE("wherever training is interrupted, going on trains nothing twice that was written down") {
    TrainingWorld whole;
    whole.run();
    const std::size_t all = whole.simulation.trained.size();
    REQUIRE(all == 12);
    for (int after = 0; after < 12; ++after) {
        INFO("interrupted after training " << after);
        TrainingWorld world;
        world.simulation.interrupt_after_trainings = after;
        CHECK(world.run().interrupted);
        world.simulation.interrupt_after_trainings = -1;
        CHECK(world.run().measured == 2);
        const Journal journal = world.journal();
        CHECK(journal.warnings.empty());
        CHECK(journal.tunings.size() == 2);
        every_round_is_whole(journal, 2);
        REQUIRE(journal.rounds.size() == 3);
        // Lost at most: the tuning of one point, or the round in hand.
        CHECK(world.simulation.trained.size() <= all + 2);
        for (const RoundRecord& round : journal.rounds) {
            for (const Sample& sample : round.samples) CHECK(sample.results.at("test_error") == round.round + 1);
        }
    }
}

TEST_CASE("a rate that diverges is not chosen, and a point that diverges with all of them fails") {
    TrainingWorld world;
    world.simulation.validation_error = [](const std::string& point, double rate) {
        const bool two = point.find("num_heads") != std::string::npos;
        return two || rate > 0.002 ? std::numeric_limits<double>::infinity() : 1.0;
    };
    const CampaignResult result = world.run();
    CHECK(result.measured == 1);
    CHECK(result.failed == 1);
    const Journal journal = world.journal();
    REQUIRE(journal.tunings.size() == 1);
    CHECK(journal.tunings.front().learning_rate == 0.001);
    CHECK(world.record(journal, id(2)).reason.find("diverged with every learning rate") != std::string::npos);
}
