// Rules 3 to 8: how many times become one number, how sure it is, and what it hides.
#include <cmath>
#include <random>
#include <vector>

#include "tests/analysis/linted_result.hpp"

using namespace headcount;
using namespace headcount::testing;

TEST_CASE("rule 3: parts that do not add up, a mean of ratios") {
    JournalBuilder builder = good();
    builder.journal.points.front().breakdown.front().seconds = 0.001;
    CHECK(has(complaint(builder.journal, 3, "result"), "do not add up"));
    builder.journal.points.front().breakdown.front().seconds = 0.02;
    complaint(builder.journal, 3, "result");

    Display mean = good_figure();
    mean.summary = "mean";
    complaint(good().journal, 3, "figure times", mean);
}

TEST_CASE("rule 4: paired ratios whose centre the summarised times contradict") {
    // The second takes 1.5 times as long in four rounds of five, fast or slow; in the fifth, which is slow for the
    // first alone, 0.75 times. Each median then stands on another side: 2 for the first, 1.5 for the second.
    JournalBuilder builder({"num_heads"});
    builder.journal = good().journal;
    builder.journal.rounds.clear();
    builder.journal.points.clear();
    builder.journal.run.parts.front().point_ids.clear();
    std::mt19937_64 random(3);
    std::uniform_int_distribution<int> draw(0, 4);
    std::vector<int> kinds(160);
    for (int& kind : kinds) kind = draw(random);
    const auto kind = [&](int r) { return kinds[static_cast<std::size_t>(r) % kinds.size()]; };
    builder.add_timed(heads(1), "g", 160, [&](int r) { return (kind(r) < 2 ? 0.010 : 0.020) * noise(r); });
    builder.add_timed(heads(2), "g", 160,
                      [&](int r) { return (kind(r) < 2 || kind(r) == 4 ? 0.015 : 0.030) * noise(r, 7); });
    CHECK(has(complaint(builder.journal, 4, "result"), "contradict"));
    complaint(builder.journal, 4, "claim times");
}

TEST_CASE("rule 5: too few rounds for an interval, a figure without them") {
    JournalBuilder few({"num_heads"});
    few.add_timed(heads(1), "g", 3, [](int round) { return 0.010 * noise(round); });
    few.add_timed(heads(2), "g", 3, [](int round) { return 0.012 * noise(round); });
    few.claim("times", "within", "0.05", "time").base = {{"num_heads", "1"}};
    add_setup(few.journal.run);
    CHECK(has(complaint(few.journal, 5, "result"), "3 rounds"));
    complaint(few.journal, 5, "claim times");
    complaint(few.journal, 5, "table points");
    complaint(few.journal, 6, "claim times");
    complaint(few.journal, 7, "claim times");

    Display parts = good_figure();
    parts.summary = "mean";
    JournalBuilder traced = good();
    for (PointRecord& record : traced.journal.points) {
        for (SpanRecord& span : record.breakdown) span.low_s = 0.9 * span.seconds, span.high_s = 1.1 * span.seconds;
    }
    CHECK(finding(linted(traced.journal, {parts}), 5, "figure times").compliance == Compliance::satisfied);
    traced.journal.points.front().breakdown.front().high_s = -1;
    CHECK(has(complaint(traced.journal, 5, "figure times", parts), "traced parts of 1 points"));

    Display once = good_figure();
    once.single = "the peak of a process";
    CHECK(has(complaint(good().journal, 5, "figure times", once), "peak of a process"));
    once.single.clear();
    once.intervals = false;
    complaint(good().journal, 5, "figure times", once);
}

TEST_CASE("rule 6: skewed log ratios are named, a figure that assumes normality") {
    const JournalBuilder skewed =
        good([](int round) { return 0.012 * std::exp(std::exp(((round * 23) % 41) / 8.0) / 40); });
    const RuleFinding found = finding(linted(skewed.journal, {good_figure()}), 6, "claim times");
    CHECK(found.compliance == Compliance::satisfied);
    CHECK(has(found.reason, "1 are skewed, and their intervals hold the interval of the median"));
    CHECK(has(finding(linted(good().journal, {good_figure()}), 6, "claim times").reason, "none is skewed"));
    Display assuming = good_figure();
    assuming.assumes = "normal errors";
    complaint(good().journal, 6, "figure times", assuming);
}

TEST_CASE("rule 7: rounds that miss a point, points that share no round") {
    JournalBuilder builder = good();
    builder.journal.rounds.back().samples.pop_back();
    CHECK(has(complaint(builder.journal, 7, "result"), "1 of 40 rounds"));

    JournalBuilder apart({"num_heads"});
    apart.add_timed(heads(1), "g", kRounds, [](int round) { return noise(round); });
    apart.add_timed(heads(2), "h", kRounds, [](int round) { return noise(round); });
    apart.claim("times", "within", "0.05", "time").base = {{"num_heads", "1"}};
    add_setup(apart.journal.run);
    CHECK(has(complaint(apart.journal, 7, "claim times"), "nothing to test"));

    Display bare = good_figure();
    bare.intervals = false;
    complaint(good().journal, 7, "figure times", bare);
}

TEST_CASE("rule 8: two speeds, a heavy tail, disturbed rounds") {
    const JournalBuilder modes =
        good([](int round) { return ((round * 7) % 10 < 5 ? 0.012 : 0.018) * noise(round, 7); });
    complaint(modes.journal, 8, "figure times");
    Display spread = good_figure();
    spread.modes = true;
    const JournalBuilder tail = good([](int round) { return 0.012 * std::exp(((round * 23) % 41) / 20.0); });
    for (const JournalBuilder* torn : {&modes, &tail}) {
        const char* what = torn == &modes ? "several modes" : "95th percentile";
        // Without anything that shows percentiles of such a sample it is summarised by one number.
        const Lint bare = lint(torn->journal, {});
        CHECK(finding(bare, 8, "result").compliance == Compliance::not_satisfied);
        CHECK(has(finding(bare, 8, "result").reason, what));
        const Lint told = linted(torn->journal, {spread});
        for (const char* subject : {"result", "table points", "figure times", "claim times"}) {
            INFO(subject);
            CHECK(finding(told, 8, subject).compliance == Compliance::satisfied);
        }
        CHECK(has(finding(told, 8, "result").reason, what));
        CHECK(has(finding(told, 8, "claim times").reason, "from where to where"));
    }

    JournalBuilder disturbed = good();
    for (RoundRecord& round : disturbed.journal.rounds) round.disturbed = round.round % 3 != 0;
    CHECK(has(complaint(disturbed.journal, 8, "result"), "disturbed"));
}
