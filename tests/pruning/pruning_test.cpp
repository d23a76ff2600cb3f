// Studies of models that are trained: what is asked, that it is the same again, and that a stopped one loses nothing.
#include "harness/pruning/pruning.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "harness/core/error.hpp"
#include "harness/pruning/orders.hpp"
#include "harness/train/trainer.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"
#include "tests/train/points.hpp"

using namespace headcount;
using namespace headcount::testing;
using Catch::Matchers::Contains;
using Catch::Matchers::WithinRel;

namespace {

const std::string kLookup =
    "multi_head/simd/task=k_lookup,batch=4,q_len=1,kv_len=5,embed_dim=8,num_heads=4,items=2,"
    "steps=20,train_examples=64,test_examples=16";
const std::string kText =
    "multi_head/simd/task=next_byte,batch=4,seq_len=6,causal=true,embed_dim=8,num_heads=2,"
    "layers=2,ffn_factor=1,steps=10,train_examples=64,test_examples=16";
const PruningPlan kPlan{.seeds = 2, .prune_steps = 4, .timing_rounds = 2};

bool run(const Point& point, const std::filesystem::path& path, const StudyWatch& watch = {}) {
    return run_pruning_study(point, pruning_record(point, kPlan), kPlan, path, watch);
}

/// All that does not depend on a clock.
std::vector<std::string> told(const std::filesystem::path& path) {
    PruningStudy study = read_pruning_study(path);
    CHECK(study.warnings.empty());
    std::vector<std::string> lines{study_line(study.record)};
    for (PruningTrainingRecord& training : study.trainings) {
        training.seconds = 0;
        lines.push_back(study_line(training));
    }
    for (const PruningImportanceRecord& importance : study.importances) lines.push_back(study_line(importance));
    for (const PruningConditionRecord& condition : study.conditions) lines.push_back(study_line(condition));
    for (PruningTimingRecord& timing : study.timings) {
        CHECK(timing.seconds.size() == 2);
        timing.seconds.clear();
        lines.push_back(study_line(timing));
    }
    return lines;
}

double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

TEST_CASE("a study masks, prunes and trains again, from every seed, and times every size") {
    const Scratch scratch;
    const Point point = trained_point(kLookup);
    REQUIRE(run(point, scratch.dir / "study.jsonl"));
    const PruningStudy study = read_pruning_study(scratch.dir / "study.jsonl");
    CHECK(study.record.unit == "NMSE");
    for (const std::int64_t seed : {0, 1}) {
        const PruningConditionRecord* const whole = study.condition(seed, "whole");
        REQUIRE(whole != nullptr);
        Trainer trainer(point);
        CHECK_THAT(mean(whole->errors), WithinRel(trainer.train(seed, 0.003).test_error, 1e-4));
        std::vector<std::vector<std::int64_t>> sizes;
        for (const char* name : {"without 0.0", "without 0.3", "importance 3", "random 3", "small 3", "importance 0",
                                 "random 0", "small 0"}) {
            const PruningConditionRecord* const condition = study.condition(seed, name);
            REQUIRE(condition != nullptr);
            CHECK(study.timing(condition->heads) != nullptr);
            CHECK(condition->heads.front() == 4 - (std::string(name).back() == '0' && name[1] != 'i' ? 4 : 1));
        }
    }
    CHECK(study.conditions.size() == 2 * (1 + 4 + 1 + 3 * 4));
    CHECK(study.trainings.size() == 2 * 5);
    CHECK(study.timings.size() == 5);
    CHECK(!std::filesystem::exists(scratch.dir / "study.jsonl.trainings"));
}

TEST_CASE("one head removed is masked or cut out alike, and none left is the same in any order") {
    const Scratch scratch;
    REQUIRE(run(trained_point(kText), scratch.dir / "study.jsonl"));
    const PruningStudy study = read_pruning_study(scratch.dir / "study.jsonl");
    CHECK(study.record.unit == "bits");
    const PruningConditionRecord *const pruned = study.condition(0, "importance 3"), *const none = study.condition(
                                                                                         0, "importance 0");
    REQUIRE(pruned->removed.size() == 1);
    const HeadPlace gone = pruned->removed.front();
    const PruningConditionRecord* const masked =
        study.condition(0, "without " + std::to_string(gone.layer) + "." + std::to_string(gone.head));
    for (std::size_t i = 0; i < masked->errors.size(); ++i) {
        CHECK_THAT(pruned->errors[i], WithinRel(masked->errors[i], 1e-3));
    }
    CHECK(none->errors == study.condition(0, "random 0")->errors);
    CHECK(none->heads == std::vector<std::int64_t>{0, 0});
}

TEST_CASE("the same study twice is the same, and so is one that was stopped at every step") {
    for (const std::string& id : {kLookup, kText}) {
        const Scratch scratch;
        const Point point = trained_point(id);
        REQUIRE(run(point, scratch.dir / "one.jsonl"));
        REQUIRE(run(point, scratch.dir / "other.jsonl"));
        CHECK(told(scratch.dir / "one.jsonl") == told(scratch.dir / "other.jsonl"));
        int stops = 0;
        const auto goes_on = [&] {
            int asked = 0;
            const StudyWatch watch{.progress = {}, .stop = [&] { return ++asked > 2; }};
            return run(point, scratch.dir / "stopped.jsonl", watch);
        };
        while (!goes_on()) ++stops;
        CHECK(stops > 10);
        CHECK(told(scratch.dir / "stopped.jsonl") == told(scratch.dir / "one.jsonl"));
    }
}

TEST_CASE("a study of something else is left alone, and what cannot be studied is told why") {
    const Scratch scratch;
    REQUIRE(run(trained_point(kText), scratch.dir / "study.jsonl"));
    CHECK_THROWS_WITH(run(trained_point(kLookup), scratch.dir / "study.jsonl"), Contains("another point"));
    CHECK_THAT(why_no_pruning(trained_point(kLookup + ",num_kv_heads=2")), Contains("num_kv_heads"));
    CHECK_THAT(why_no_pruning(trained_point("multi_head/simd/seq_len=4,embed_dim=8")), Contains("task"));
    CHECK_THROWS_AS(read_pruning_study(scratch.dir / "none.jsonl"), UsageError);
}

TEST_CASE("heads go in the order of their importance, in steps that end with none") {
    const std::vector<HeadPlace> order = by_importance({{0.3, 0.1}, {0.2, 0.4}});
    CHECK(order == std::vector<HeadPlace>{{0, 1}, {1, 0}, {0, 0}, {1, 1}});
    CHECK(numbers_left(4, 8) == std::vector<std::int64_t>{3, 2, 1, 0});
    CHECK(numbers_left(16, 8) == std::vector<std::int64_t>{14, 12, 10, 8, 6, 4, 2, 0});
    CHECK(kept_without(2, 2, all_but(order, 1)) == KeptHeads{{}, {1}});
    CHECK(shuffled(order, 1) == shuffled(by_importance({{1, 2}, {3, 4}}), 1));
}
