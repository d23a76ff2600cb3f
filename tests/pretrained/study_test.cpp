// Studies of a small model: complete, the same after any stop, and only of what they began with.
#include "harness/pretrained/study.hpp"

#include <fstream>

#include "harness/core/error.hpp"
#include "harness/pretrained/diversity.hpp"
#include "tests/catch.hpp"
#include "tests/pretrained/small_model.hpp"
#include "tests/scratch.hpp"

using namespace headcount;
using namespace headcount::testing;
using Catch::Matchers::Contains;

namespace {

class SmallStudy {
public:
    SmallStudy() : encoder_(load()), pairs_(small_pairs(20)) {
        record.model = "small";
        record.model_hash = "1";
        record.texts_hash = "2";
        record.layers = kSmallLayers;
        record.num_heads = kSmallHeads;
        record.embed_dim = kSmallWidth;
        record.pairs = pairs_.size();
        record.variant = point_.variant = "multi_head";
        record.backend = point_.backend = "naive";
    }
    /// Stops before the step of this number. True when it came to its end.
    bool run(const std::filesystem::path& path, std::int64_t steps = 1000) const {
        std::int64_t begun = 0;
        return run_head_study(encoder_, pairs_, point_, record, plan, path,
                              {.progress = [&](std::int64_t, std::int64_t, const std::string&) { ++begun; },
                               .stop = [&] { return begun > steps; }});
    }
    void use(const std::string& variant) { record.variant = point_.variant = variant; }
    const Encoder& encoder() const { return encoder_; }
    const Pairs& pairs() const { return pairs_; }
    const Point& point() const { return point_; }

    HeadStudyRecord record;
    HeadStudyPlan plan{
        .prune_steps = 3, .random_orders = 1, .folds = 2, .texts_a_fold = 3, .timing_rounds = 2, .timing_texts = 2};

private:
    static Encoder load() {
        const Scratch scratch;
        write_small_model(scratch.dir);
        return Encoder::load(scratch.dir);
    }
    Encoder encoder_;
    Pairs pairs_;
    Point point_;
};

/// What does not depend on the clock.
std::vector<std::string> contents(const HeadStudy& study) {
    std::vector<std::string> lines;
    for (HeadConditionRecord condition : study.conditions) {
        condition.seconds = 0;
        lines.push_back(study_line(condition));
    }
    for (const HeadDiversityRecord& diversity : study.diversities) lines.push_back(study_line(diversity));
    for (const HeadTimingRecord& timing : study.timings) lines.push_back(std::to_string(timing.heads_left));
    return lines;
}

}  // namespace

TEST_CASE("a study has every head, both orders, what heads look at, and times") {
    const Scratch scratch;
    const SmallStudy small;
    REQUIRE(small.run(scratch.file()));
    const HeadStudy study = read_head_study(scratch.file());
    CHECK(study.warnings.empty());
    CHECK(study.conditions.size() == 1 + 6 + 2 + 2 * 3);
    CHECK(study.record.head_dims.empty());
    CHECK(study.conditions.front().name == "whole");
    CHECK(study.conditions.back().removed.size() == 6);
    CHECK(study.diversities.size() == 4);
    CHECK(study.timings.size() == 4);
    for (const HeadTimingRecord& timing : study.timings) CHECK(timing.seconds.size() == 2);
    // The order by importance takes the head first whose loss is the least.
    const auto importance = importance_of(study);
    double least = 1;
    for (const auto& layer : importance) least = std::min(least, *std::ranges::min_element(layer));
    for (const HeadConditionRecord& condition : study.conditions) {
        if (!condition.name.starts_with("importance 4")) continue;
        REQUIRE(condition.removed.size() == 2);
        const HeadPlace& first = condition.removed.front();
        CHECK(importance.at(static_cast<std::size_t>(first.layer)).at(static_cast<std::size_t>(first.head)) == least);
    }
}

TEST_CASE("a study tells the columns of heads where layers differ") {
    const Scratch scratch;
    SmallStudy small;
    small.record.head_dims = {2, 4};
    CHECK_FALSE(small.run(scratch.file(), 0));
    CHECK(read_head_study(scratch.file()).record.head_dims == std::vector<std::int64_t>{2, 4});
}

TEST_CASE("a study that was stopped at any step goes on, and comes out the same") {
    const Scratch scratch;
    const SmallStudy small;
    REQUIRE(small.run(scratch.file()));
    const std::vector<std::string> wanted = contents(read_head_study(scratch.file()));
    for (std::int64_t steps = 0; steps < 20; steps += 3) {
        const auto path = scratch.dir / ("stopped" + std::to_string(steps));
        CHECK_FALSE(small.run(path, steps));
        const auto so_far = read_head_study(path);
        // Where heads look is looked at to its end, everything else is left at once.
        const auto made = static_cast<std::int64_t>(so_far.conditions.size() + so_far.diversities.size());
        CHECK(made >= steps);
        CHECK(made <= steps + (so_far.diversities.empty() ? 0 : 1));
        CHECK(so_far.warnings.empty());
        // And pulled out in the middle of a line.
        std::ofstream(path, std::ios::app | std::ios::binary) << R"({"kind":"condition","name":"wh)";
        CHECK(small.run(path));
        const HeadStudy study = read_head_study(path);
        CHECK(study.warnings.empty());
        CHECK(contents(study) == wanted);
        CHECK(small.run(path, 0));  // nothing is left to do
        CHECK(contents(read_head_study(path)) == wanted);
    }
}

TEST_CASE("a study of something else is not mixed in") {
    const Scratch scratch;
    SmallStudy small;
    CHECK_FALSE(small.run(scratch.file(), 2));
    small.record.texts_hash = "3";
    CHECK_THROWS_WITH(small.run(scratch.file()), Contains("another set of texts (2, now 3)"));
    small.record.texts_hash = "2";
    small.record.variant = "streaming";
    CHECK_THROWS_WITH(small.run(scratch.file()), Contains("another variant"));
    write_file(scratch.dir / "other", "a letter\n");
    CHECK_THROWS_WITH(small.run(scratch.dir / "other"), Contains("is not a study of heads"));
}

TEST_CASE("damaged lines cost themselves, and numbers out of range are damage") {
    const Scratch scratch;
    const SmallStudy small;
    REQUIRE(small.run(scratch.file()));
    std::ifstream file(scratch.file());
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    const auto written = [&](const std::vector<std::string>& all) {
        std::string text;
        for (const std::string& line : all) text += line + "\n";
        write_file(scratch.file(), text);
        return read_head_study(scratch.file());
    };
    std::vector<std::string> damaged = lines;
    damaged[3][30] = static_cast<char>(damaged[3][30] ^ 1);
    CHECK_THAT(written(damaged).warnings.at(0), Contains(":4: the line was left out: its checksum is wrong"));
    std::vector<std::string> more = lines;
    more.push_back(lines[2]);
    more.push_back(study_line(HeadConditionRecord{
        .name = "x", .removed = {{.layer = 2, .head = 0}}, .ranks = std::vector<std::int64_t>(20, 1)}));
    more.push_back(
        study_line(HeadConditionRecord{.name = "y", .removed = {}, .ranks = std::vector<std::int64_t>(20, 21)}));
    more.push_back(study_line(HeadConditionRecord{.name = "z", .removed = {}, .ranks = {1}}));
    const HeadStudy study = written(more);
    REQUIRE(study.warnings.size() == 4);
    CHECK_THAT(study.warnings[0], Contains("it repeats condition"));
    CHECK_THAT(study.warnings[1], Contains("layer 2 is out of range"));
    CHECK_THAT(study.warnings[2], Contains("rank 20 is out of range"));
    CHECK_THAT(study.warnings[3], Contains("another number of questions"));
    lines[0][30] = static_cast<char>(lines[0][30] ^ 1);
    CHECK_THROWS_WITH(written(lines), Contains(":1: cannot be read"));
}

TEST_CASE("heads that are copies of each other are alike by every measure") {
    // A model whose heads are one: W_Q, W_K, W_V and W_O repeat the columns and rows of the first.
    const SmallStudy small;
    const std::int64_t d = kSmallWidth / kSmallHeads;
    for (std::int64_t layer = 0; layer < kSmallLayers; ++layer) {
        for (const char* name : {"wq", "wk", "wv", "bq", "bk", "bv"}) {
            const Tensor& w = small.encoder().layer(layer).attention.at(name);
            for (std::int64_t i = 0; i < w.rows(); ++i) {
                for (std::int64_t j = d; j < w.cols(); ++j)
                    *w.at<float>(0, 0, 0, i, j) = *w.at<float>(0, 0, 0, i, j % d);
            }
        }
        const Tensor& w = small.encoder().layer(layer).attention.at("wo");
        for (std::int64_t i = d; i < w.rows(); ++i) {
            for (std::int64_t j = 0; j < w.cols(); ++j) *w.at<float>(0, 0, 0, i, j) = *w.at<float>(0, 0, 0, i % d, j);
        }
    }
    EncoderRunner runner(small.encoder(), small.point());
    const HeadDiversityRecord record = diversity_of(runner, {&small.pairs().texts[0], &small.pairs().texts[3]});
    REQUIRE(record.layers.size() == 2);
    for (const LayerDiversity& layer : record.layers) {
        for (std::size_t i = 0; i < 9; ++i) {
            CHECK(layer.js_divergence[i] == Approx(0).margin(1e-9));
            CHECK(layer.cka[i] == Approx(1).margin(1e-4));
            CHECK(layer.subspace[i] == Approx(1).margin(1e-6));
        }
    }
}

TEST_CASE("what heads look at adds up") {
    const SmallStudy small;
    EncoderRunner runner(small.encoder(), small.point());
    const TokenIds two{3, 4};
    const HeadDiversityRecord record = diversity_of(runner, {&two});
    for (const LayerDiversity& layer : record.layers) {
        for (const HeadGaze& gaze : layer.heads) {
            CHECK(gaze.to_self + gaze.to_previous + gaze.to_next == Approx(1).margin(1e-6));
            CHECK(gaze.to_first + gaze.to_last == Approx(1).margin(1e-6));
            CHECK(gaze.entropy > 0);
            CHECK(gaze.entropy <= 1.000001);
        }
        for (std::size_t i = 0; i < 9; ++i) {
            CHECK(layer.js_divergence[i] >= 0);
            CHECK(layer.js_divergence[i] <= 1);
        }
    }
    SmallStudy other;
    other.use("block_diagonal");
    const Scratch scratch;
    CHECK_THROWS_WITH(other.run(scratch.file()), Contains("block_diagonal on naive does not compute the attention"));
    Point fused = small.point();
    fused.variant = "streaming";
    EncoderRunner without_weights(small.encoder(), fused);
    CHECK_THROWS_WITH(diversity_of(without_weights, {&two}), Contains("take multi_head"));
}
