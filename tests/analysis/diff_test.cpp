// Two journals, or two sides of one, compared: each verdict reached, nothing found where nothing is.
#include "harness/analysis/compare/diff.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include <nlohmann/json.hpp>

#include "harness/analysis/show/diff_text.hpp"
#include "harness/core/error.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

double noise(int round, double relative) { return 1 + relative * (((round * 7) % 11) - 5) / 5.0; }

Journal journal_with(double seconds, double relative, int rounds = 20, const std::string& host = "here") {
    JournalBuilder builder({"num_heads"});
    builder.add_timed(point({{"num_heads", "2"}}), "g", rounds,
                      [=](int round) { return seconds * noise(round, relative); });
    builder.journal.run.environment = {
        {"host", host}, {"cpu.model", "m"}, {"cpu.governor", host + "'s"}, {"load", host}};
    return builder.journal;
}

Change change(const Journal& a, const Journal& b) {
    const Diff diff = diff_journals(a, b);
    REQUIRE(diff.points.size() == 1);
    CHECK(diff.overall == to_string(diff.points[0].change));
    CHECK_FALSE(diff.points[0].paired);
    return diff.points[0].change;
}

Point of(const std::string& variant, int seq_len = 64) {
    return point({{"variant", variant}, {"seq_len", std::to_string(seq_len)}});
}

// multi_head and streaming at `count` lengths, each pair in a group of its own or (apart) each point in one. Both drift
// together by half of their time; `factor` is what streaming takes.
Journal two_variants(double factor, double relative, int rounds, int count = 1, bool apart = false,
                     std::uint64_t seed = 1) {
    JournalBuilder builder({"variant", "seq_len"});
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    const auto visit = [&](double seconds, int round) {
        return seconds * (1 + 0.5 * round / rounds) * std::exp(relative * normal(random));
    };
    for (int i = 0; i < count; ++i) {
        const std::string group = "g" + std::to_string(i);
        builder.add_timed(of("multi_head", 64 + i), group, rounds, [&](int round) { return visit(0.010, round); });
        builder.add_timed(of("streaming", 64 + i), apart ? group + "s" : group, rounds,
                          [&](int round) { return visit(0.010 * factor, round); });
    }
    return builder.journal;
}

const DiffOptions kVariants{.left = {{"variant", "multi_head"}}, .right = {{"variant", "streaming"}}};

Change side_change(double factor, double relative, int rounds) {
    const Diff diff = diff_sides(two_variants(factor, relative, rounds), kVariants);
    REQUIRE(diff.points.size() == 1);
    CHECK(diff.points[0].paired);
    return diff.points[0].change;
}

}  // namespace

TEST_CASE("a clear difference is faster or slower, a small one within tight intervals is none") {
    const Journal base = journal_with(0.010, 0.005);
    CHECK(change(base, journal_with(0.008, 0.005)) == Change::faster);
    CHECK(change(base, journal_with(0.012, 0.005)) == Change::slower);
    CHECK(change(base, journal_with(0.010, 0.005)) == Change::same);
    CHECK(change(base, journal_with(0.01005, 0.001)) == Change::same);
    CHECK(change(base, base) == Change::same);
}

TEST_CASE("noise wider than the margin, or too few rounds, leave it open") {
    CHECK(change(journal_with(0.010, 0.1), journal_with(0.0102, 0.1)) == Change::cannot_tell);
    const Diff few = diff_journals(journal_with(0.010, 0.001, 3), journal_with(0.020, 0.001, 3));
    CHECK(few.points[0].change == Change::cannot_tell);
    CHECK(few.points[0].note == "too few rounds for an interval");
}

TEST_CASE("two sides of one result are paired by round: drift of both does not hide a small difference") {
    CHECK(side_change(0.95, 0.005, 20) == Change::faster);
    CHECK(side_change(1.05, 0.005, 20) == Change::slower);
    CHECK(side_change(1.00, 0.005, 20) == Change::same);
    CHECK(side_change(1.03, 0.10, 20) == Change::cannot_tell);
    CHECK(side_change(2.00, 0.005, 3) == Change::cannot_tell);
    // The same times without common rounds: the drift is wider than the difference.
    const Diff apart = diff_sides(two_variants(0.95, 0.005, 20, 1, true), kVariants);
    CHECK(apart.points[0].change == Change::cannot_tell);
    CHECK_FALSE(apart.points[0].paired);
    CHECK(apart.points[0].note.find("compare_by") != std::string::npos);
}

TEST_CASE("sides are matched by the fields that neither names") {
    const Journal journal = two_variants(0.5, 0.005, 20, 3);
    const Diff diff = diff_sides(journal, kVariants);
    CHECK(diff.relation == Relation::two_sides);
    REQUIRE(diff.points.size() == 3);
    for (const PointDiff& each : diff.points) {
        CHECK(each.change == Change::faster);
        CHECK(each.other == "streaming" + each.point.substr(each.point.find('/')));
    }
    CHECK(diff.differs.empty());
    const Diff lengths = diff_sides(journal, {.left = {{"seq_len", "64"}}, .right = {{"seq_len", "65"}}});
    CHECK(lengths.points.size() == 2);
    CHECK_FALSE(lengths.points[0].paired);
    const Diff one_length = diff_sides(journal, {.left = {{"variant", "multi_head"}, {"seq_len", "64"}},
                                                 .right = {{"variant", "streaming"}, {"seq_len", "64"}}});
    CHECK(one_length.points.size() == 1);
    CHECK_THROWS_AS(diff_sides(journal, {}), UsageError);
    CHECK_THROWS_AS(diff_sides(journal, {.left = {{"variant", "multi_head"}}, .right = {{"varian", "x"}}}), UsageError);
    CHECK_THROWS_AS(diff_sides(journal, {.left = {{"variant", "multi_head"}}, .right = {{"variant", "x"}}}),
                    UsageError);
    // Three lengths of the left side could stand for each of the right.
    CHECK_THROWS_AS(diff_sides(journal, {.left = {{"variant", "multi_head"}}, .right = {{"seq_len", "64"}}}),
                    UsageError);
}

TEST_CASE("heads change the widths that follow from them") {
    JournalBuilder builder({"num_heads"});
    for (const char* heads : {"1", "8"}) {
        builder.add_timed(point({{"num_heads", heads}}), "g", 20,
                          [&](int round) { return (*heads == '8' ? 0.02 : 0.01) * noise(round, 0.001); });
    }
    const Diff diff = diff_sides(builder.journal, {.left = {{"num_heads", "1"}}, .right = {{"num_heads", "8"}}});
    REQUIRE(diff.points.size() == 1);
    CHECK(diff.points[0].ratio.estimate == Approx(2));
    CHECK(diff.points[0].change == Change::slower);
}

TEST_CASE("equal things: at most one diff in twenty names any difference, however many points it has") {
    constexpr int kDiffs = 200, kPoints = 40;
    for (const bool apart : {false, true}) {
        int wrong = 0, wrong_alone = 0;
        for (int i = 0; i < kDiffs; ++i) {
            JournalBuilder builder({"variant", "seq_len"});
            std::mt19937_64 random(static_cast<std::uint64_t>(i + 1));
            std::normal_distribution<double> normal;
            for (int k = 0; k < kPoints; ++k) {
                const std::string group = "g" + std::to_string(k);
                const auto visit = [&](int) { return 0.010 * std::exp(0.05 * normal(random)); };
                builder.add_timed(of("multi_head", 64 + k), group, 20, visit);
                builder.add_timed(of("streaming", 64 + k), apart ? group + "s" : group, 20, visit);
            }
            const Diff diff = diff_sides(builder.journal, kVariants);
            if (diff.count(Change::faster) + diff.count(Change::slower) > 0) ++wrong;
            if (std::ranges::any_of(diff.points, [](const PointDiff& each) { return each.p <= 0.05; })) ++wrong_alone;
        }
        INFO((apart ? "unpaired " : "paired ") << wrong << " and without the correction " << wrong_alone);
        CHECK(wrong <= kDiffs / 20);
        if (!apart) CHECK(wrong_alone > kDiffs / 4);  // what the correction is for
    }
}

TEST_CASE("what is different alone but not among many is left open, and said") {
    // One point of forty is 3 % slower in rounds that scatter by 5 %.
    JournalBuilder builder({"variant", "seq_len"});
    std::mt19937_64 random(5);
    std::normal_distribution<double> normal;
    for (int k = 0; k < 40; ++k) {
        const std::string group = "g" + std::to_string(k);
        const double factor = k == 0 ? 1.03 : 1;
        builder.add_timed(of("multi_head", 64 + k), group, 20, [&](int) { return std::exp(0.05 * normal(random)); });
        builder.add_timed(of("streaming", 64 + k), group, 20,
                          [&](int) { return factor * std::exp(0.05 * normal(random)); });
    }
    const Diff diff = diff_sides(builder.journal, kVariants);
    const PointDiff& first = diff.points.front();
    REQUIRE(first.p <= 0.05);
    REQUIRE(first.adjusted > 0.05);
    CHECK(first.change == Change::cannot_tell);
    CHECK(first.note == "different alone, not after the correction");
}

TEST_CASE("too few rounds for so many points: any difference stays open, and how many it takes is said") {
    const Diff diff = diff_sides(two_variants(3, 0.005, 6, 10), kVariants);
    REQUIRE(diff.points.size() == 10);
    for (const PointDiff& each : diff.points) {
        CHECK(each.p <= 0.05);
        CHECK(each.change == Change::cannot_tell);
        CHECK(each.note == "different alone, not after the correction, which takes 9 rounds for 10 points");
    }
    CHECK(diff_sides(two_variants(3, 0.005, 9, 10), kVariants).count(Change::slower) == 10);
}

TEST_CASE("no verdict is finer than what the run's A/A comparison tells") {
    const auto with_self_comparison = [](double factor, double off) {
        Journal journal = two_variants(factor, 0.001, 20);
        SelfComparison& comparison = journal.run.self_comparison;
        comparison.points = {"x", "x,seed=2"};
        comparison.wall_s.resize(2);
        for (int round = 0; round < 20; ++round) {
            comparison.wall_s[0].push_back(0.01 * noise(round, 0.001));
            comparison.wall_s[1].push_back(0.01 * (1 + off) * noise(round + 3, 0.001));
        }
        return diff_sides(journal, kVariants).points.at(0).change;
    };
    CHECK(with_self_comparison(1.04, 0.001) == Change::slower);
    CHECK(with_self_comparison(1.04, 0.06) == Change::cannot_tell);
    CHECK(with_self_comparison(1.20, 0.06) == Change::slower);
    CHECK(with_self_comparison(1.00, 0.001) == Change::same);
    CHECK(with_self_comparison(1.00, 0.06) == Change::cannot_tell);
}

TEST_CASE("different machines are refused unless that is wanted, and what differs is said") {
    const Journal here = journal_with(0.010, 0.005);
    Journal there = journal_with(0.010, 0.005, 20, "there");
    there.run.environment["commit"] = "beef";
    there.run.protocol.max_rounds = 40;
    there.run.profile = "full";
    CHECK_THROWS_AS(diff_journals(here, there), UsageError);
    const Diff diff = diff_journals(here, there, {.margin = 0.02, .across_machines = true});
    CHECK(diff.points[0].change == Change::same);
    std::vector<std::string> texts;
    for (const Difference& difference : diff.differs) texts.push_back(difference.text());
    CHECK(texts == std::vector<std::string>{"environment: cpu.governor: here's, there's",
                                            "environment: host: here, there", "build: commit: not recorded, beef",
                                            "protocol: max_rounds: 80, 40", "config: profile: , full"});
}

TEST_CASE("points that only one file has are counted, not compared, and changed counts are noted") {
    JournalBuilder more({"num_heads"});
    more.journal = journal_with(0.010, 0.005);
    more.add_timed(point({{"num_heads", "4"}}), "g", 20, [](int) { return 0.01; });
    more.journal.points.front().counted.ops.front().executed.multiplies = 2;
    const Diff diff = diff_journals(more.journal, journal_with(0.010, 0.005));
    CHECK(diff.points.size() == 1);
    CHECK(diff.only_a == 1);
    CHECK(diff.only_b == 0);
    CHECK(diff.points[0].note.find("FLOP") != std::string::npos);
    CHECK(diff_table(diff).rows.size() == 1);
}

TEST_CASE("faster here and slower there is neither; JSON has what the table has") {
    const auto two = [](double first, double second) {
        JournalBuilder builder({"num_heads"});
        builder.add_timed(point({{"num_heads", "2"}}), "g", 20, [=](int) { return first; });
        builder.add_timed(point({{"num_heads", "4"}}), "g", 20, [=](int) { return second; });
        return builder.journal;
    };
    const Diff diff = diff_journals(two(1, 1), two(0.5, 2));
    CHECK(diff.overall == "mixed");
    CHECK(diff.overall_text.find("faster here, slower there") == 0);
    CHECK(diff.ratios.estimate == Approx(1.25));
    const auto json = nlohmann::json::parse(diff_json(diff));
    CHECK(json["overall"] == "mixed");
    CHECK(json["counts"]["faster"] == 1);
    CHECK(json["points"][1]["verdict"] == "slower");
    CHECK(json["points"][1]["p_holm"].get<double>() <= 0.05);
}

TEST_CASE("a copy of a run is recognised as such") {
    Journal journal = journal_with(0.010, 0.005);
    journal.run.started = "2026-01-01T00:00:00Z";
    CHECK(diff_journals(journal, journal).relation == Relation::same_run);
    Journal again = journal;
    again.run.started = "2026-01-01T01:00:00Z";
    CHECK(diff_journals(journal, again).relation == Relation::two_runs);
}
