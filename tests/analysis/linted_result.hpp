// A result that keeps all twelve rules, to be broken by a test, and what is said of it then.
#pragma once

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "harness/analysis/lint/lint.hpp"
#include "harness/analysis/show/point_table_display.hpp"
#include "harness/core/error.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

namespace headcount::testing {

inline constexpr int kRounds = 40;

/// As the command judges: the table of points is always shown.
inline Lint linted(const Journal& journal, const std::vector<Display>& figures) {
    std::vector<Display> displays{point_table_display(RecordSet(journal))};
    displays.insert(displays.end(), figures.begin(), figures.end());
    return lint(journal, displays);
}

// Symmetric about 1, independent from round to round; `series` makes another such noise.
inline double noise(int round, int series = 0) {
    std::mt19937_64 random(static_cast<std::uint64_t>(1000 * series + round));
    random.discard(10);
    return std::uniform_real_distribution<double>(0.998, 1.002)(random);
}

inline Point heads(int count, const std::string& more = "") {
    std::vector<std::pair<std::string, std::string>> fields{{"num_heads", std::to_string(count)}};
    if (!more.empty()) fields.emplace_back("num_threads", more);
    return point(fields);
}

inline void add_setup(RunRecord& run) {
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

using Seconds = std::function<double(int)>;  ///< of a round

/// Two points of one group and two claims: an exact one and one about time.
inline JournalBuilder good(const Seconds& second = [](int round) { return 0.012 * noise(round, 7); }) {
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

inline Display good_figure() {
    return {.name = "figure times",
            .quantities = {"ratio", "time"},
            .summary = "median",
            .intervals = true,
            .base = "in the title",
            .lines_over = "num_heads",
            .bound = "a line at the peak"};
}

inline const RuleFinding& finding(const Lint& found, int rule, const std::string& subject) {
    for (const Lint::Row& row : found.rows) {
        if (row.rule != rule) continue;
        const auto mine = std::ranges::find(row.findings, subject, &RuleFinding::subject);
        REQUIRE(mine != row.findings.end());
        return *mine;
    }
    throw Error("no such rule");
}

/// The result breaks the rule there, says what and what to do; the good one does not.
inline std::string complaint(const Journal& journal, int rule, const std::string& subject,
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

inline bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace headcount::testing
