// Rules 9 to 12: what a reader must know beside the numbers: the setup, threads, bounds, what lines run over.
#include <functional>

#include "tests/analysis/linted_result.hpp"

using namespace headcount;
using namespace headcount::testing;

TEST_CASE("rule 9: unavailable, absent, dirty, without config, a factor on one level") {
    const auto broken = [](const std::function<void(RunRecord&)>& damage) {
        JournalBuilder builder = good();
        damage(builder.journal.run);
        return complaint(builder.journal, 9, "result");
    };
    CHECK(has(broken([](RunRecord& run) { run.environment["cpu.governor"] = "unavailable: virtual"; }),
              "cpu.governor (unavailable)"));
    CHECK(has(broken([](RunRecord& run) { run.environment.erase("flags"); }), "flags (not recorded)"));
    CHECK(has(broken([](RunRecord& run) { run.environment["dirty"] = "yes"; }), "local changes"));
    CHECK(has(broken([](RunRecord& run) { run.config_text.clear(); }), "config"));
    CHECK(has(broken([](RunRecord& run) { run.command.clear(); }), "command"));

    for (const char* fact : {"cpu.governor", "cpu.boost", "cpu.smt"}) {
        JournalBuilder hidden = good();
        hidden.journal.run.environment[fact] = "unavailable: virtual";
        hidden.journal.run.left_out[fact] = "the peak beside the rounds stands in";
        const RuleFinding told = finding(linted(hidden.journal, {}), 9, "result");
        CHECK(told.compliance == Compliance::satisfied);
        CHECK(has(told.reason, "the peak beside the rounds stands in"));
        hidden.journal.run.environment["kernel"] = "unavailable: odd";
        CHECK(has(complaint(hidden.journal, 9, "result"), "kernel"));
    }

    JournalBuilder one_level = good();
    one_level.journal.run.claims.front().where = {{"num_heads", {"2"}}};
    CHECK(has(complaint(one_level.journal, 9, "claim counts"), "1 level"));
}

TEST_CASE("rule 10: threads whose waiting is not told, samples without duration") {
    JournalBuilder builder = good();
    builder.add_timed(heads(1, "2"), "t", kRounds, [](int round) { return noise(round); });
    CHECK(finding(linted(builder.journal, {}), 10, "result").compliance == Compliance::satisfied);
    builder.journal.run.environment.erase("waiting");
    CHECK(has(complaint(builder.journal, 10, "result"), "waiting"));

    JournalBuilder frozen = good();
    frozen.journal.rounds.front().samples.front().iterations = 0;
    complaint(frozen.journal, 10, "result");
}

TEST_CASE("rule 11: no limit, a limit that is exceeded, a figure without one") {
    JournalBuilder unknown = good();
    unknown.journal.run.limits.clear();
    CHECK(has(complaint(unknown.journal, 11, "result"), "fma_gflops.f32.threads=1"));
    complaint(unknown.journal, 11, "table points");

    JournalBuilder exceeded = good();
    exceeded.journal.points.front().counted.ops.front().required.multiplies = 1'000'000'000;  // 200 GFLOP/s
    CHECK(has(complaint(exceeded.journal, 11, "result"), "200 %"));

    Display unbounded = good_figure();
    unbounded.bound.clear();
    complaint(good().journal, 11, "figure times", unbounded);
}

TEST_CASE("rule 12: lines over names") {
    for (const char* field : {"variant", "dtype", "weekday"}) {
        Display lines = good_figure();
        lines.lines_over = field;
        CHECK(has(complaint(good().journal, 12, "figure times", lines), field));
    }
    Display bars = good_figure();
    bars.lines_over.clear();
    CHECK(finding(linted(good().journal, {bars}), 12, "figure times").compliance == Compliance::satisfied);
}
