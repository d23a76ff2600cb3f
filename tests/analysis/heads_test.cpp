// What is concluded from a study of heads, on made-up ranks whose losses are known.
#include "harness/analysis/heads/findings.hpp"
#include "harness/analysis/heads/head_claims.hpp"
#include "harness/analysis/heads/heads_text.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;

namespace {

constexpr std::int64_t kQuestions = 400;

/// All questions answered but the first `missed`, and `from` the one that is missed first.
std::vector<std::int64_t> ranks(std::int64_t missed, std::int64_t from = 0) {
    std::vector<std::int64_t> result(kQuestions, 1);
    for (std::int64_t i = 0; i < missed; ++i) result[static_cast<std::size_t>(from + i)] = 2;
    return result;
}

/// Two layers of two heads: one is missed, one is better away, two do nothing.
HeadStudy made_up() {
    HeadStudy study;
    study.record.layers = study.record.num_heads = 2;
    study.record.embed_dim = 4;
    study.record.pairs = kQuestions;
    study.record.model = "made | up";
    study.conditions = {{.name = "whole", .removed = {}, .ranks = ranks(40)},
                        {.name = "without 0.0", .removed = {{0, 0}}, .ranks = ranks(80)},
                        {.name = "without 0.1", .removed = {{0, 1}}, .ranks = ranks(40)},
                        {.name = "without 1.0", .removed = {{1, 0}}, .ranks = ranks(10)},
                        {.name = "without 1.1", .removed = {{1, 1}}, .ranks = ranks(41)},
                        {.name = "only 0.0", .removed = {{0, 1}}, .ranks = ranks(44)},
                        {.name = "importance 2", .removed = {{1, 0}, {0, 1}}, .ranks = ranks(42)},
                        {.name = "importance 0", .removed = {{1, 0}, {0, 1}, {1, 1}, {0, 0}}, .ranks = ranks(240)},
                        {.name = "random 1 2", .removed = {{1, 0}, {0, 0}}, .ranks = ranks(140)}};
    study.timings = {{.heads_left = 2, .texts = 2, .seconds = std::vector<double>(7, 0.004)}};
    for (std::int64_t fold = 0; fold < 8; ++fold) {
        const double wobble = 0.001 * static_cast<double>(fold);
        for (const char* model : {"trained", "untrained"}) {
            const bool trained = model[0] == 't';
            const double js = (trained ? 0.2 : 0.1) + wobble, cka = trained ? 0.1 + wobble : 1;
            const LayerDiversity layer{.heads = std::vector<HeadGaze>(2),
                                       .js_divergence = {0, js, js, 0},
                                       .cka = {1, cka, cka, 1},
                                       .subspace = {1, 0, 0, 1}};
            study.diversities.push_back({.model = model, .fold = fold, .texts = 1, .layers = {layer, layer}});
        }
    }
    return study;
}

}  // namespace

TEST_CASE("losses of single heads have their sign, their interval and Holm's correction") {
    const HeadFindings findings = find_heads(made_up());
    REQUIRE(findings.masked.size() == 4);
    CHECK(findings.whole->recall.estimate == Approx(0.9));
    CHECK(findings.whole->mrr == Approx(0.95));
    const HeadEffect& missed = findings.masked[0];
    CHECK(missed.loss.estimate == Approx(0.1));
    CHECK(missed.loss.low > 0.06);
    CHECK(missed.loss.high < 0.14);
    CHECK(missed.mrr_loss == Approx(0.05));
    CHECK(missed.adjusted_p < 1e-9);
    CHECK(findings.masked[1].loss.low == 0);
    CHECK(findings.masked[1].adjusted_p == 1);
    CHECK(findings.masked[2].loss.high < 0);
    CHECK(findings.masked[2].adjusted_p < 1e-6);
    CHECK(findings.masked[3].p == 1);  // one question of difference says nothing
    CHECK(findings.only_best.at(0).loss.estimate == Approx(0.01));
}

TEST_CASE("pruning is judged by the odd questions, from the whole model on") {
    const HeadFindings findings = find_heads(made_up());
    REQUIRE(findings.pruned.size() == 5);
    CHECK(findings.pruned[0].order == "importance");
    CHECK(findings.pruned[0].heads_left == 4);
    CHECK(findings.pruned[0].loss.estimate == 0);
    CHECK(findings.pruned[1].heads_left == 2);
    CHECK(findings.pruned[1].loss.estimate == Approx(0.005));  // 1 of the 200 odd questions
    CHECK(findings.pruned[1].seconds_per_text->estimate == Approx(0.002));
    CHECK(findings.pruned[2].loss.estimate == Approx(0.5));
    CHECK(findings.pruned[4].order == "random 1");
    CHECK(findings.pruned[4].loss.estimate == Approx(0.25));
    CHECK_THAT(heads_text(findings), Contains("by importance 2 of 4 heads can go before a loss shows"));
}

TEST_CASE("each claim comes out in each way") {
    const auto status_of = [](const HeadStudy& study, const std::string& id) {
        for (const HeadVerdict& verdict : find_heads(study).verdicts) {
            if (verdict.id == id) return verdict.status;
        }
        FAIL("no verdict " << id);
        return Status::inconclusive;
    };
    HeadStudy study = made_up();
    CHECK(status_of(study, "R14.removable") == Status::supported);
    CHECK(status_of(study, "R14.different") == Status::supported);
    CHECK(status_of(study, "R14.effective") == Status::supported);
    for (std::size_t i = 1; i < 5; ++i) study.conditions[i].ranks = ranks(80);
    for (HeadDiversityRecord& record : study.diversities) {
        for (LayerDiversity& layer : record.layers) {
            if (record.model == "trained") layer.js_divergence = {0, 0.01, 0.01, 0};
            layer.cka = {1, 1, 1, 1};
        }
    }
    CHECK(status_of(study, "R14.removable") == Status::refuted);
    CHECK(status_of(study, "R14.different") == Status::refuted);
    for (std::size_t i = 1; i < 5; ++i) study.conditions[i].ranks = ranks(44);
    study.diversities.resize(4);  // two folds have no interval
    CHECK(status_of(study, "R14.removable") == Status::inconclusive);
    CHECK(status_of(study, "R14.different") == Status::inconclusive);
}

TEST_CASE("a few questions without a difference do not show that a head is removable") {
    // Of 400, a loss of one point shows as none in 2 % of cases; of 200 it would in 13 %.
    HeadStudy study = made_up();
    CHECK(find_heads(study).verdicts.at(0).found == "2 of 4 heads surely cost less, 1 surely more");
    study.record.pairs = 200;
    for (HeadConditionRecord& condition : study.conditions) condition.ranks.resize(200);
    CHECK(find_heads(study).verdicts.at(0).found == "1 of 4 heads surely cost less, 1 surely more");
}

TEST_CASE("an unfinished study is told as far as it goes") {
    HeadStudy study = made_up();
    study.conditions.resize(3);
    study.diversities.clear();
    study.timings.clear();
    const HeadFindings findings = find_heads(study);
    CHECK(findings.verdicts.empty());
    CHECK_THAT(heads_text(findings), Contains("with all heads"));
    study.conditions.clear();
    CHECK_THAT(heads_text(find_heads(study)), Contains("400 questions"));
    CHECK_THAT(heads_text(find_heads(study)), Contains("2 layers, 2 heads of 2 columns;"));
    study.record.head_dims = {1, 2};
    CHECK_THAT(heads_text(find_heads(study)), Contains("2 layers, 2 heads of 1, 2 columns by layer;"));
    const testing::Scratch scratch;
    export_heads(study, find_heads(study), scratch.dir / "data");
    CHECK(std::filesystem::exists(scratch.dir / "data/heads_masked.csv"));
}
