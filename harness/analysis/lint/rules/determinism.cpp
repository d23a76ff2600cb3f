// Rule 5: values that differ from run to run stand with a confidence interval; the others are marked exact.
#include <algorithm>

#include <fmt/format.h>

#include "harness/analysis/lint/lint.hpp"

namespace headcount::rules {

namespace {

constexpr char kMoreRounds[] =
    "measure more rounds (max_rounds, --budget), on a quieter machine; cite the ratios paired by round, where they "
    "have intervals";

/// Timed points of which an interval has an infinite end: too few rounds, or rounds that resemble each other so much
/// that they count as too few.
std::vector<std::string> open_among(const LintInput& input, bool ratios) {
    std::vector<std::string> open;
    for (const std::size_t i : input.timed) {
        const PointSummary& summary = input.summaries[i];
        const bool is_open = ratios ? summary.base && !summary.ratio.bounded() : !summary.time.bounded();
        if (!is_open) continue;
        open.push_back(fmt::format("{} ({} rounds{})", input.records.entries()[i].id, summary.rounds,
                                   summary.autocorrelated ? ", autocorrelated" : ""));
    }
    return open;
}

RuleFinding judge_intervals(const LintInput& input, const std::string& subject, bool ratios) {
    const std::vector<std::string> open = open_among(input, ratios);
    const char* what = ratios ? "ratio" : "median time";
    if (open.empty()) {
        return satisfied(
            subject, fmt::format("the {} of each of {} timed points has a 95 % interval", what, input.timed.size()));
    }
    return violated(subject,
                    fmt::format("the rounds of {} of {} timed points give no 95 % interval of the {}: {}", open.size(),
                                input.timed.size(), what, some_of(open)),
                    kMoreRounds);
}

RuleFinding whole_result(const LintInput& input) {
    if (input.timed.empty()) return satisfied("result", "every value is an exact count, and marked as such");
    return judge_intervals(input, "result", false);
}

RuleFinding judge(const ClaimView& claim) {
    if (claim.exact()) {
        return claim.metric->exact ? satisfied(claim.subject(), "exact, and marked as such: a count from the sizes")
                                   : violated(claim.subject(), "a measured metric judged as if it were exact",
                                              "use a measured kind, e.g. `within`");
    }
    const auto open =
        std::ranges::find_if(claim.verdicts, [](const Verdict& v) { return !v.summary && !v.interval.bounded(); });
    if (open == claim.verdicts.end() && claim.verdicts.size() > 1) {
        return satisfied(claim.subject(), "every combination has a 95 % interval");
    }
    const Verdict& verdict = open == claim.verdicts.end() ? claim.verdicts.front() : *open;
    return violated(claim.subject(),
                    fmt::format("no confidence interval at {}: {}", verdict.combination, verdict.reason), kMoreRounds);
}

/// Points with traced parts that have no interval: a display of means shows these.
std::vector<std::string> parts_without(const LintInput& input) {
    std::vector<std::string> without;
    for (const std::size_t i : input.timed) {
        const Entry& entry = input.records.entries()[i];
        if (std::ranges::any_of(entry.record.breakdown, [](const SpanRecord& span) { return span.high_s < 0; }))
            without.push_back(entry.id);
    }
    return without;
}

std::vector<RuleFinding> check(const LintInput& input) {
    std::vector<RuleFinding> findings{whole_result(input)};
    for (const ClaimView& claim : input.claims) findings.push_back(judge(claim));
    for (const Display& display : input.displays) {
        if (!display.measured() || input.timed.empty()) continue;
        const std::vector<std::string> open =
            display.summary == "mean" ? parts_without(input) : std::vector<std::string>{};
        if (!open.empty()) {
            findings.push_back(
                violated(display.name,
                         fmt::format("the traced parts of {} points have no interval: {}", open.size(), some_of(open)),
                         "measure again: six traced passes and more have one"));
        } else if (display.intervals && display.single.empty()) {
            const bool ratios = display.quantities.front() == "ratio";
            findings.push_back(judge_intervals(input, display.name, ratios));
        } else {
            findings.push_back(violated(
                display.name,
                "without a confidence interval: " + (display.single.empty() ? "its measured values" : display.single),
                "draw the interval, or repeat what is measured once; until then cite the "
                "intervals of `headcount table`"));
        }
    }
    return findings;
}

}  // namespace

Rule determinism() {
    return {.number = 5,
            .says = "say which values are deterministic, and give confidence intervals for those that are not",
            .elsewhere = "shows exact counts only",
            .check = check};
}

}  // namespace headcount::rules
