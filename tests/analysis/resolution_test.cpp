// A claim that asks for more than its run could tell: inconclusive by construction, and never the other way round.
#include "harness/analysis/verdicts/resolution.hpp"

#include "harness/analysis/verdicts/verdict.hpp"
#include "harness/core/error.hpp"
#include "harness/stats/resolvable_margin.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;
using headcount::testing::JournalBuilder;
using headcount::testing::point;
using headcount::testing::times;

namespace {

SelfComparison self_comparison(double ratio, double noise, int rounds = 80) {
    SelfComparison comparison{.points = {"p", "p,seed=0"}, .wall_s = {{}, {}}, .seconds = 0.5};
    const auto base = times(1, noise, 50), value = times(ratio, noise, 51);
    for (int round = 0; round < rounds; ++round) {
        comparison.wall_s[0].push_back(base(round));
        comparison.wall_s[1].push_back(value(round));
    }
    return comparison;
}

JournalBuilder heads(double ratio, double noise, const std::string& kind, const std::string& argument) {
    JournalBuilder builder({"num_heads"});
    builder.add_timed(point({{"num_heads", "1"}}), "g", 80, times(1, noise, 1));
    builder.add_timed(point({{"num_heads", "8"}}), "g", 80, times(ratio, noise, 2));
    builder.claim("R12", kind, argument, "time").base = {{"num_heads", "1"}};
    return builder;
}

Verdict judged(const JournalBuilder& builder) { return verify(builder.journal).front(); }

/// What the claim comes to without and with an A/A comparison in its run.
Verdict judged_with(JournalBuilder builder, const SelfComparison& comparison) {
    builder.journal.run.self_comparison = comparison;
    return judged(builder);
}

}  // namespace

TEST_CASE("a margin below what the A/A comparison tells supports nothing, however narrow the interval") {
    const JournalBuilder same = heads(1, 0.001, "within", "0.01");
    REQUIRE(judged(same).status == Status::supported);
    const Verdict coarse = judged_with(same, self_comparison(1.02, 0.005));
    CHECK(coarse.status == Status::inconclusive);
    CHECK_THAT(coarse.reason, Contains("margin 1 % is below what this run could resolve (2"));
    CHECK_THAT(coarse.reason, Contains("by its A/A comparison): inconclusive by construction"));
    const Verdict fine = judged_with(same, self_comparison(1, 0.005));
    CHECK(fine.status == Status::supported);
    CHECK(fine.reason.empty());
}

TEST_CASE("a margin that the noise of the rounds could never fit into is said to be so, without any A/A comparison") {
    const Verdict noisy = judged(heads(1, 0.2, "within", "0.01"));
    CHECK(noisy.status == Status::inconclusive);
    CHECK_THAT(noisy.reason, Contains("by the noise of these rounds): inconclusive by construction"));
    // Twenty rounds more would do: that is not by construction, and nothing is said.
    JournalBuilder early = heads(1.004, 0.012, "within", "0.008");
    early.journal.run.protocol.max_rounds = 80;
    for (RoundRecord& round : early.journal.rounds) REQUIRE(round.samples.size() == 2);
    early.journal.rounds.resize(20);
    const Verdict few = judged(early);
    CHECK(few.status == Status::inconclusive);
    CHECK(few.reason.find("by construction") == std::string::npos);
}

TEST_CASE("an A/A comparison never turns a claim to supported, whatever it shows") {
    for (const double ratio : {0.9, 0.99, 1.0, 1.005, 1.01, 1.02, 1.2}) {
        for (const double noise : {0.001, 0.02, 0.2}) {
            for (const auto& [kind, argument] :
                 std::vector<std::pair<std::string, std::string>>{{"within", "0.01"},
                                                                  {"within", "0.1"},
                                                                  {"at_most", "1.1"},
                                                                  {"at_least", "0.95"},
                                                                  {"faster_than", "1"},
                                                                  {"ordering", "rising"}}) {
                const JournalBuilder builder = heads(ratio, noise, kind, argument);
                const Status without = judged(builder).status;
                for (const double bias : {1.0, 1.03}) {
                    for (const double spread : {0.0005, 0.1}) {
                        const Status with = judged_with(builder, self_comparison(bias, spread)).status;
                        INFO(kind << " " << argument << " " << ratio << " " << noise);
                        CHECK((with == without || (without == Status::supported && with == Status::inconclusive)));
                    }
                }
            }
        }
    }
}

TEST_CASE("a bound to one side is not supported by less than the A/A comparison tells, but by more it is") {
    const SelfComparison coarse = self_comparison(1.02, 0.005);
    const double resolved = smallest_margin(ratio_of(coarse).interval());
    REQUIRE(resolved > 0.02);
    REQUIRE(resolved < 0.03);
    CHECK(judged(heads(0.99, 0.001, "faster_than", "1")).status == Status::supported);
    const Verdict little = judged_with(heads(0.99, 0.001, "faster_than", "1"), coarse);
    CHECK(little.status == Status::inconclusive);
    CHECK_THAT(little.reason, Contains("from the bound is below what this run could resolve"));
    CHECK(judged_with(heads(0.5, 0.001, "faster_than", "1"), coarse).status == Status::supported);
    CHECK(judged_with(heads(1.09, 0.001, "at_most", "1.1"), coarse).status == Status::inconclusive);
    CHECK(judged_with(heads(1.0, 0.001, "at_most", "1.1"), coarse).status == Status::supported);
    CHECK(judged_with(heads(1.01, 0.001, "ordering", "rising"), coarse).status == Status::inconclusive);
    CHECK(judged_with(heads(1.3, 0.001, "ordering", "rising"), coarse).status == Status::supported);
}

TEST_CASE("a refutation stands, and says when it is by less than the A/A comparison tells") {
    const JournalBuilder slower = heads(1.02, 0.001, "within", "0.01");
    CHECK(judged(slower).reason.empty());
    const Verdict doubtful = judged_with(slower, self_comparison(1.02, 0.005));
    CHECK(doubtful.status == Status::refuted);
    CHECK_THAT(doubtful.reason, Contains("refuted by less than the run's A/A comparison resolves"));
    CHECK(judged_with(heads(1.2, 0.001, "within", "0.01"), self_comparison(1.02, 0.005)).reason.empty());
}

TEST_CASE("errors of seeds are not held to an A/A comparison of times, but to their own noise") {
    const Resolution coarse{.margin = 0.5, .max_rounds = 8};
    Test test{
        .interval = {.estimate = 0.7, .low = 0.6, .high = 0.8}, .rounds = 8, .is_ratio = true, .range = {.high = 1}};
    CHECK_FALSE(below_resolution(test, coarse).empty());
    CHECK(refuted_below_resolution(test, coarse));
    test.by_clock = false;
    CHECK(below_resolution(test, coarse).empty());
    CHECK_FALSE(refuted_below_resolution(test, coarse));
    test.range = {.low = 0.95, .high = 1.05};
    CHECK_THAT(below_resolution(test, coarse), Contains("(10 %, by the noise of these rounds)"));
}

TEST_CASE("a merged file is as coarse as its coarsest source; a run without an A/A comparison has no such limit") {
    RunRecord run;
    CHECK(resolution_of(run).margin == 0);
    CHECK(resolution_text(run).empty());
    run.sources.resize(2);
    run.sources[0].self_comparison = self_comparison(1, 0.002);
    run.sources[1].self_comparison = self_comparison(1.05, 0.002);
    CHECK(resolution_of(run).margin > 0.05);
    CHECK_THAT(resolution_text(run), Contains("CALLED DIFFERENT"));
    CHECK_THAT(resolution_text(run), Contains("are not resolved"));
}

TEST_CASE("an A/A comparison without times, from a damaged or foreign file, is none") {
    RunRecord run;
    for (const std::vector<std::vector<double>>& wall_s :
         std::vector<std::vector<std::vector<double>>>{{{1, 1}}, {{1, 1}, {1}}, {{1, 0}, {1, 1}}, {{1, NAN}, {1, 1}}}) {
        run.self_comparison = {.points = {"p", "q"}, .wall_s = wall_s, .seconds = 1};
        CHECK(resolution_of(run).margin == 0);
        CHECK(resolution_text(run).empty());
        CHECK_THROWS_AS(ratio_of(run.self_comparison), Error);
    }
}
