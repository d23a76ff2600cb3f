// The twelve rules: a result that keeps them all, and for each rule one that breaks it and is told so.
#include "harness/analysis/lint/lint.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include <nlohmann/json.hpp>

#include "harness/analysis/show/lint_text.hpp"
#include "harness/analysis/show/point_table_display.hpp"
#include "harness/core/error.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

constexpr int kRounds = 40;

/// As the command judges: the table of points is always shown.
Lint linted(const Journal& journal, const std::vector<Display>& figures) {
    std::vector<Display> displays{point_table_display(RecordSet(journal))};
    displays.insert(displays.end(), figures.begin(), figures.end());
    return lint(journal, displays);
}

// Symmetric about 1, independent from round to round; `series` makes another such noise.
double noise(int round, int series = 0) {
    std::mt19937_64 random(static_cast<std::uint64_t>(1000 * series + round));
    random.discard(10);
    return std::uniform_real_distribution<double>(0.998, 1.002)(random);
}

Point heads(int count, const std::string& more = "") {
    std::vector<std::pair<std::string, std::string>> fields{{"num_heads", std::to_string(count)}};
    if (!more.empty()) fields.emplace_back("num_threads", more);
    return point(fields);
}

void add_setup(RunRecord& run) {
    for (const char* key : {"cpu.model", "cpu.affinity", "cpu.governor", "cpu.boost", "cpu.smt", "cpu.caches", "host",
                            "kernel", "libc", "memory.total", "compiler", "flags", "build_type", "version", "commit",
                            "clock.source", "clock.resolution", "pinning", "waiting"}) {
        run.environment[key] = "known";
    }
    run.environment["cpu.online"] = "0";
    run.environment["dirty"] = "no";
    run.config_text = "question: made by hand";
    run.command = {"headcount run made.yaml --output made.jsonl"};
    run.limits = {{"fma_gflops.f32.threads=1", 100.0}, {"fma_gflops.f32.threads=2", 200.0}};
}

/// Two points of one group and two claims: an exact one and one about time.
JournalBuilder good(const std::function<double(int)>& second = [](int round) { return 0.012 * noise(round, 7); }) {
    JournalBuilder builder({"num_heads"});
    builder.add_timed(heads(1), "g", kRounds, [](int round) { return 0.010 * noise(round); });
    builder.add_timed(heads(2), "g", kRounds, second);
    for (PointRecord& record : builder.journal.points) {
        record.traced_s = 0.010;
        record.breakdown = {{.verb = "matmul", .role = "scores", .seconds = 0.006},
                            {.verb = "matmul", .role = "context", .seconds = 0.0039}};
    }
    builder.claim("counts", "equal", "exactly");
    builder.claim("times", "within", "0.05", "time").base = {{"num_heads", "1"}};
    add_setup(builder.journal.run);
    return builder;
}

Display good_figure() {
    return {.name = "figure times",
            .quantities = {"ratio", "time"},
            .summary = "median",
            .intervals = true,
            .base = "in the title",
            .lines_over = "num_heads",
            .bound = "a line at the peak"};
}

const RuleFinding& finding(const Lint& found, int rule, const std::string& subject) {
    for (const Lint::Row& row : found.rows) {
        if (row.rule != rule) continue;
        const auto mine = std::ranges::find(row.findings, subject, &RuleFinding::subject);
        REQUIRE(mine != row.findings.end());
        return *mine;
    }
    throw Error("no such rule");
}

/// The result breaks the rule there, says what and what to do; the good one does not.
std::string complaint(const Journal& journal, int rule, const std::string& subject,
                      const Display& figure = good_figure()) {
    const RuleFinding before = finding(linted(good().journal, {good_figure()}), rule, subject);
    CHECK(before.compliance != Compliance::not_satisfied);
    const Lint found = linted(journal, {figure});
    const RuleFinding& after = finding(found, rule, subject);
    INFO(after.reason);
    CHECK(after.compliance == Compliance::not_satisfied);
    CHECK_FALSE(after.remedy.empty());
    CHECK_FALSE(found.satisfied());
    return after.reason;
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a result may satisfy every rule; each rule then has a subject that it judged") {
    JournalBuilder builder = good();
    for (const int count : {1, 2}) {
        builder.add_timed(heads(count, "2"), "t", kRounds, [=](int round) { return 0.006 * noise(round, 5 * count); });
    }
    builder.journal.run.environment["cpu.online"] = "0-1";
    const Lint found = linted(builder.journal, {good_figure()});
    INFO(lint_text(found));
    CHECK(found.satisfied());
    REQUIRE(found.rows.size() == 12);
    for (std::size_t i = 0; i < found.rows.size(); ++i) {
        INFO(found.rows[i].name);
        CHECK(found.rows[i].rule == static_cast<int>(i) + 1);
        CHECK(found.rows[i].findings.size() == found.subjects.size());
        CHECK(std::ranges::count(found.rows[i].findings, Compliance::satisfied, &RuleFinding::compliance) > 0);
    }
}

TEST_CASE("a result of counts alone has nothing to answer for in the rules about time") {
    JournalBuilder builder({"num_heads"});
    builder.add(heads(1), 10);
    builder.add(heads(2), 10);
    builder.claim("counts", "equal", "exactly");
    add_setup(builder.journal.run);
    const Lint found = linted(builder.journal, {good_figure()});
    INFO(lint_text(found));
    CHECK(found.satisfied());
    for (const int rule : {1, 3, 4, 6, 7, 8, 10, 11}) {
        CHECK(finding(found, rule, "claim counts").compliance == Compliance::not_applicable);
        CHECK(finding(found, rule, "result").compliance == Compliance::not_applicable);
    }
    CHECK(finding(found, 5, "claim counts").compliance == Compliance::satisfied);
}

TEST_CASE("rule 1: a base without a value, several threads as a serial base, ratios without their base") {
    JournalBuilder no_base = good();
    no_base.journal.run.claims.back().base = {{"num_heads", "8"}};
    CHECK(has(complaint(no_base.journal, 1, "claim times"), "no base case"));

    JournalBuilder parallel = good();
    for (const int threads : {2, 4}) {
        parallel.add_timed(heads(1, std::to_string(threads)), "t", kRounds, [=](int round) { return noise(round); });
    }
    ClaimSpec& claim = parallel.journal.run.claims.back();
    claim.across = {"num_threads"};
    claim.base = {{"num_threads", "2"}};
    CHECK(has(complaint(parallel.journal, 1, "claim times"), "2 threads"));

    Display bare = good_figure();
    bare.base.clear();
    complaint(good().journal, 1, "figure times", bare);
}

TEST_CASE("rule 1: the best serial execution is named beside the base") {
    JournalBuilder builder = good();
    PointSpec spec;
    for (const auto& [field, value] : std::vector<std::pair<std::string, std::string>>{
             {"variant", "streaming"}, {"backend", "blas"}, {"seq_len", "64"}, {"embed_dim", "64"}}) {
        set_field(spec, field, value);
    }
    builder.add_timed(resolve(spec), "s", kRounds, [](int round) { return 0.005 * noise(round); });
    builder.add_timed(heads(1, "2"), "g", kRounds, [](int round) { return 0.006 * noise(round, 3); });
    ClaimSpec& claim = builder.journal.run.claims.back();
    claim.across = {"num_threads"};
    claim.base = {{"num_threads", "1"}};
    claim.where = {{"variant", {"multi_head"}}, {"num_heads", {"1"}}};
    const RuleFinding found = finding(linted(builder.journal, {}), 1, "claim times");
    CHECK(found.compliance == Compliance::satisfied);
    CHECK(has(found.reason, "streaming/blas"));
}

TEST_CASE("rule 2: failed, missing, unexplained, narrowed, idle") {
    JournalBuilder failed = good();
    failed.journal.points.back().outcome = Outcome::failed;
    failed.journal.points.back().reason = "crashed";
    CHECK(has(complaint(failed.journal, 2, "result"), "crashed"));
    complaint(failed.journal, 2, "claim times");

    JournalBuilder missing = good();
    missing.journal.points.pop_back();
    CHECK(has(complaint(missing.journal, 2, "result"), "without result"));

    JournalBuilder no_samples = good();
    no_samples.journal.rounds.clear();
    CHECK(has(complaint(no_samples.journal, 2, "result"), "samples are not in the file"));

    JournalBuilder skipped = good();
    PointRecord& record = skipped.add(heads(4), 1);
    record.outcome = Outcome::skipped;
    complaint(skipped.journal, 2, "result");
    record.reason = "needs 4 TiB";
    CHECK(finding(linted(skipped.journal, {}), 2, "result").compliance == Compliance::satisfied);

    for (const char* option : {"--filter seq_len=64", "--point x", "--set num_heads=1"}) {
        JournalBuilder narrowed = good();
        narrowed.journal.run.command = {std::string("headcount run made.yaml ") + option + " --output x"};
        CHECK(has(complaint(narrowed.journal, 2, "result"), "narrowed"));
    }
    JournalBuilder shard = good();
    shard.journal.run.shard = "1/2";
    complaint(shard.journal, 2, "result");

    JournalBuilder idle = good();
    idle.journal.run.environment["cpu.online"] = "0-3,8";
    CHECK(has(complaint(idle.journal, 2, "result"), "1 of 5 processors"));

    Display silent = good_figure();
    silent.left_out = "half of the lines";
    complaint(good().journal, 2, "figure times", silent);
}

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
    // In 38 % of the rounds the second takes three times as long: the medians do not see them, the centre of the ratios
    // does.
    JournalBuilder builder({"num_heads"});
    builder.journal = good().journal;
    builder.journal.rounds.clear();
    builder.journal.points.clear();
    builder.journal.run.parts.front().point_ids.clear();
    std::mt19937_64 random(3);
    std::bernoulli_distribution slow(0.38);
    builder.add_timed(heads(1), "g", 160, [](int r) { return 0.010 * noise(r); });
    builder.add_timed(heads(2), "g", 160, [&](int r) { return (slow(random) ? 0.030 : 0.010) * noise(r, 7); });
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

    Display once = good_figure();
    once.single = "the peak of a process";
    CHECK(has(complaint(good().journal, 5, "figure times", once), "peak of a process"));
    once.single.clear();
    once.intervals = false;
    complaint(good().journal, 5, "figure times", once);
}

TEST_CASE("rule 6: skewed log ratios under an interval that assumes symmetry, a figure that assumes normality") {
    const JournalBuilder skewed =
        good([](int round) { return 0.012 * std::exp(std::exp(((round * 23) % 41) / 8.0) / 40); });
    CHECK(has(complaint(skewed.journal, 6, "claim times"), "skewed"));
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
    CHECK(has(complaint(modes.journal, 8, "result"), "several modes"));
    complaint(modes.journal, 8, "claim times");
    complaint(modes.journal, 8, "figure times");
    CHECK(finding(linted(modes.journal, {}), 8, "table points").compliance == Compliance::satisfied);

    const JournalBuilder tail = good([](int round) { return 0.012 * std::exp(((round * 23) % 41) / 20.0); });
    CHECK(has(complaint(tail.journal, 8, "claim times"), "95th percentile"));

    JournalBuilder disturbed = good();
    for (RoundRecord& round : disturbed.journal.rounds) round.disturbed = round.round % 3 != 0;
    CHECK(has(complaint(disturbed.journal, 8, "result"), "disturbed"));
}

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

TEST_CASE("the reference keeps what it can, and what it does not keep is said") {
    const Journal journal = read_journal(HEADCOUNT_SOURCE_DIR "/results/reference/equal_complexity.jsonl");
    const Lint found = linted(journal, {});
    // A virtual machine that hides its frequency, one of two processors, medians of autocorrelated rounds.
    for (const int rule : {2, 5, 9}) CHECK(finding(found, rule, "result").compliance == Compliance::not_satisfied);
    for (const int rule : {3, 4, 6, 7, 11}) CHECK(finding(found, rule, "result").compliance == Compliance::satisfied);
    for (const int rule : {1, 2, 3, 5, 7, 9})
        CHECK(finding(found, rule, "claim R12").compliance == Compliance::satisfied);
}

TEST_CASE("text and JSON say the same, and a figure's description must be whole") {
    JournalBuilder builder = good();
    builder.journal.run.limits.clear();
    const Lint found = linted(builder.journal, {good_figure()});
    const auto json = nlohmann::json::parse(lint_json(found));
    CHECK(json["satisfied"] == false);
    CHECK(json["counts"]["not satisfied"] == found.count(Compliance::not_satisfied));
    CHECK(json["rules"].size() == 12);
    CHECK(json["rules"][10]["findings"][0]["status"] == "not satisfied");
    CHECK(has(lint_text(found), "do: measure again"));
    CHECK_THROWS_AS(display_from_json("x", "{}"), Error);
    CHECK_THROWS_AS(display_from_json("x", "no json"), Error);
}
