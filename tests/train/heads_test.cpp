// Heads of trained models: masked, cut out, and how important the gradient says that they are.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

#include "harness/train/examiner.hpp"
#include "harness/train/trainer.hpp"
#include "tests/catch.hpp"
#include "tests/train/points.hpp"
#include "variants/all.hpp"

using namespace headcount;
using namespace headcount::testing;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

const std::string kLookup =
    "task=k_lookup,batch=4,q_len=2,kv_len=5,embed_dim=8,num_heads=4,items=2,steps=30,"
    "train_examples=64,test_examples=16";
const std::string kText =
    "task=next_byte,batch=4,seq_len=6,causal=true,embed_dim=8,num_heads=4,layers=2,"
    "ffn_factor=1,steps=30,train_examples=64,test_examples=16";

double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Without head 1 of the first layer and heads 0 and 2 of a second one.
KeptHeads some_kept(std::size_t layers) {
    KeptHeads kept{{0, 2, 3}, {1, 3}};
    kept.resize(layers);
    return kept;
}

std::vector<std::int64_t> counts(const KeptHeads& kept) {
    std::vector<std::int64_t> counts;
    for (const auto& heads : kept) counts.push_back(std::ssize(heads));
    return counts;
}

}  // namespace

TEST_CASE("the errors of single examples have the mean that training reports") {
    for (const std::string& task : {kLookup, kText}) {
        const Point point = trained_point("multi_head/simd/" + task);
        Trainer trainer(point);
        const Training training = trainer.train(2, 0.01);
        Examiner examiner(point);
        examiner.take(*trainer.net().model);
        CHECK_THAT(mean(examiner.errors(examples_of(point, 2, Split::test))), WithinRel(training.test_error, 1e-5));
    }
}

TEST_CASE("a model with heads cut out errs like one where they are masked, for every variant that has heads") {
    int variants = 0;
    for (const auto& [name, variant] : all_variants()) {
        for (const std::string& task : {kLookup, kLookup + ",bias=true", kText, kText + ",bias=true"}) {
            Point point = trained_point("multi_head/simd/" + task);
            point.variant = name;
            if (!why_no_heads(point).empty() || !why_unsupported(variant, point).empty()) continue;
            CAPTURE(name, task);
            ++variants;
            Trainer trainer(point);
            trainer.train(0, 0.01);
            const Model& whole = *trainer.net().model;
            const DataSet examples = examples_of(point, 0, Split::test);
            Examiner masked(point);
            const std::size_t layers = whole.attention().size();
            for (const KeptHeads& kept : {some_kept(layers), KeptHeads(layers)}) {
                masked.take(whole);
                for (std::size_t layer = 0; layer < layers; ++layer) {
                    for (std::int64_t head = 0; head < 4; ++head) {
                        if (std::ranges::find(kept[layer], head) != kept[layer].end()) continue;
                        masked.gate(static_cast<std::int64_t>(layer), head, 0);
                    }
                }
                Examiner cut(point, counts(kept));
                cut.take_kept(whole, kept);
                const std::vector<double> one = masked.errors(examples), other = cut.errors(examples);
                for (std::size_t i = 0; i < one.size(); ++i) CHECK_THAT(other[i], WithinRel(one[i], 1e-4));
            }
        }
    }
    CHECK(variants >= 8);
}

TEST_CASE("importance is the mean size of a finite difference of each example's error by the gate") {
    for (const std::string& task : {kLookup, kText}) {
        const Point point = trained_point("multi_head/naive/" + task + ",dtype=f64");
        Trainer trainer(point);
        trainer.train(0, 0.01);
        const DataSet examples = examples_of(point, 0, Split::validation);
        Examiner examiner(point);
        examiner.take(*trainer.net().model);
        const HeadNumbers importance = examiner.importance(examples);
        REQUIRE(importance.size() == trainer.net().model->attention().size());
        for (std::size_t layer = 0; layer < importance.size(); ++layer) {
            REQUIRE(importance[layer].size() == 4);
            for (std::size_t head = 0; head < 4; ++head) {
                constexpr double kStep = 1e-5;
                const auto with_gate = [&](double gate) {
                    examiner.take(*trainer.net().model);
                    examiner.gate(static_cast<std::int64_t>(layer), static_cast<std::int64_t>(head), gate);
                    return examiner.errors(examples);
                };
                const std::vector<double> more = with_gate(1 + kStep), less = with_gate(1 - kStep);
                double sum = 0;
                for (std::size_t i = 0; i < more.size(); ++i) sum += std::abs(more[i] - less[i]) / (2 * kStep);
                CHECK(importance[layer][head] > 0);
                CHECK_THAT(importance[layer][head], WithinRel(sum / static_cast<double>(more.size()), 1e-5));
            }
        }
    }
}

TEST_CASE("a head that puts nothing out has importance 0, and nothing is lost without it") {
    const Point point = trained_point("multi_head/simd/" + kLookup);
    Trainer trainer(point);
    trainer.train(0, 0.01);
    const DataSet examples = examples_of(point, 0, Split::validation);
    Examiner examiner(point);
    examiner.take(*trainer.net().model);
    examiner.gate(0, 2, 0);
    const HeadNumbers importance = examiner.importance(examples);
    CHECK(importance[0][2] == 0);
    CHECK(importance[0][1] > 0);
    const std::vector<double> before = examiner.errors(examples);
    examiner.gate(0, 2, 0);
    CHECK(examiner.errors(examples) == before);
}

TEST_CASE("a model is trained with fewer heads in some layers, with none in one, and twice the same") {
    for (const std::vector<std::int64_t>& heads : {std::vector<std::int64_t>{3, 1}, {0, 4}, {0, 0}}) {
        for (const std::string bias : {"", ",bias=true"}) {
            const Point point = trained_point("multi_head/simd/" + kText + bias);
            Trainer one(point, heads), other(point, heads);
            const Training training = one.train(1, 0.01);
            CHECK(training.test_error == other.train(1, 0.01).test_error);
            CHECK(training.curve.back() < training.curve.front());
            for (std::size_t layer = 0; layer < 2; ++layer) {
                const Weights& weights = one.net().model->attention()[layer];
                CHECK((weights.find("wq") == nullptr ? 0 : weights.at("wq").cols()) == 2 * heads[layer]);
            }
        }
    }
    const Point lookup = trained_point("multi_head/simd/" + kLookup);
    Trainer none(lookup, {0});
    CHECK_THAT(none.train(0, 0.01).test_error, WithinAbs(1, 0.2));  // the mean of the targets is all that is left
}

TEST_CASE("as many heads as the point says are the point's own model") {
    const Point point = trained_point("multi_head/simd/" + kLookup);
    Trainer named(point, {4}), plain(point);
    CHECK(named.train(0, 0.01).test_error == plain.train(0, 0.01).test_error);
}

TEST_CASE("what has no heads of its own is told why") {
    Point point = trained_point("multi_head/simd/" + kLookup);
    CHECK(why_no_heads(point).empty());
    point.problem.num_kv_heads = 2;
    CHECK(why_no_heads(point).find("num_kv_heads") != std::string::npos);
    point.problem.num_kv_heads = 4;
    point.variant = "block_diagonal";
    CHECK(!why_no_heads(point).empty());
}
