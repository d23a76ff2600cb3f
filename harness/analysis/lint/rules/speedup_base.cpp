// Rule 1: a ratio is worth what its base is worth, so the base stands beside it in seconds.
#include <algorithm>

#include <fmt/format.h>

#include "harness/analysis/lint/lint.hpp"

namespace headcount::rules {

namespace {

constexpr char kSayBase[] = "name a base case in the claim (`base: 1`) and measure it in the same comparison group";

/// The fastest point of one thread that solves the base's problem with the same inputs, whatever variant or backend.
std::size_t best_serial(const LintInput& input, std::size_t base) {
    const Point& wanted = input.records.entries()[base].point;
    std::size_t best = base;
    for (const std::size_t i : input.timed) {
        const Point& point = input.records.entries()[i].point;
        if (!input.records.entries()[i].resolved || point.num_threads != 1) continue;
        if (!(point.problem == wanted.problem) || point.seed != wanted.seed) continue;
        if (input.summaries[i].time.estimate < input.summaries[best].time.estimate) best = i;
    }
    return best;
}

std::size_t base_of(const LintInput& input, const ClaimView& claim) {
    for (const std::size_t i : claim.entries) {
        const Entry& entry = input.records.entries()[i];
        const bool is_base =
            entry.resolved && !entry.samples.empty() && std::ranges::all_of(claim.spec->base, [&](const auto& wanted) {
                return get_field(entry.point, wanted.first) == wanted.second;
            });
        if (is_base) return i;
    }
    return input.records.entries().size();
}

RuleFinding parallel(const LintInput& input, const ClaimView& claim) {
    const std::size_t base = base_of(input, claim);
    if (base == input.records.entries().size()) {
        return violated(claim.subject(), "a parallel speedup without a timed base case", kSayBase);
    }
    const Entry& entry = input.records.entries()[base];
    if (entry.point.num_threads != 1) {
        return violated(
            claim.subject(),
            fmt::format("a parallel speedup over {} threads, which is no serial execution", entry.point.num_threads),
            "measure num_threads=1 as well and make it the base");
    }
    const std::size_t best = best_serial(input, base);
    return satisfied(
        claim.subject(),
        fmt::format("the base is one thread of the same code, {}; the best serial execution here is {}, {}",
                    quantity(input.summaries[base].time.estimate, "s"),
                    best == base ? "that base" : input.records.entries()[best].id,
                    quantity(input.summaries[best].time.estimate, "s")));
}

RuleFinding judge(const LintInput& input, const ClaimView& claim) {
    if (claim.exact()) return not_applicable(claim.subject(), "exact values are compared, not speeds");
    const bool is_parallel = std::ranges::find(claim.spec->across, "num_threads") != claim.spec->across.end();
    if (is_parallel) return parallel(input, claim);
    const auto without = std::ranges::find_if(
        claim.verdicts, [](const Verdict& v) { return !v.summary && (v.base.empty() || v.base_value.empty()); });
    if (without != claim.verdicts.end()) {
        return violated(claim.subject(), fmt::format("no base case with a value at {}", without->combination),
                        kSayBase);
    }
    const Verdict& summary = claim.verdicts.front();
    if (summary.base_value.empty()) return violated(claim.subject(), "no base case has a value", kSayBase);
    return satisfied(claim.subject(), fmt::format("relative to {} of the same code at {}, as in every combination",
                                                  summary.base_value, summary.base));
}

std::vector<RuleFinding> check(const LintInput& input) {
    std::vector<RuleFinding> findings;
    for (const ClaimView& claim : input.claims) findings.push_back(judge(input, claim));
    for (const Display& display : input.displays) {
        if (!display.shows("ratio") || input.timed.empty()) continue;
        findings.push_back(display.base.empty()
                               ? violated(display.name, "shows ratios without the base's absolute value",
                                          "print the base's median beside the ratios and declare it as `base`")
                               : satisfied(display.name, "the base's median: " + display.base));
    }
    return findings;
}

}  // namespace

Rule speedup_base() {
    return {.number = 1,
            .says = "a speedup says what its base is, and the base's absolute performance",
            .elsewhere = "no ratio of times",
            .check = check};
}

}  // namespace headcount::rules
