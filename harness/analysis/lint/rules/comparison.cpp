// Rule 7: a difference between measured values is a finding only after a sound comparison.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "harness/analysis/lint/lint.hpp"

namespace headcount::rules {

namespace {

/// Comparison groups in which some round did not visit every point that other rounds did.
std::vector<std::string> groups_with_partial_rounds(const LintInput& input, std::size_t& compared) {
    std::map<std::size_t, std::map<std::size_t, std::vector<RoundValue>>> groups;
    for (const std::size_t i : input.timed) {
        for (const RoundValue& round : by_round(input.records.entries()[i])) {
            groups[round.key.group][i].push_back(round);
        }
    }
    std::vector<std::string> broken;
    for (const auto& [group, points] : groups) {
        if (points.size() < 2) continue;
        ++compared;
        std::vector<std::vector<RoundValue>> values;
        for (const auto& [point, rounds] : points) values.push_back(rounds);
        const SharedRounds shared = shared_rounds(values);
        if (shared.partial == 0) continue;
        broken.push_back(fmt::format("{} ({} of {} rounds)", input.records.groups()[group], shared.partial,
                                     shared.partial + shared.complete.size()));
    }
    return broken;
}

RuleFinding whole_result(const LintInput& input) {
    std::size_t compared = 0;
    const std::vector<std::string> broken = groups_with_partial_rounds(input, compared);
    if (compared == 0) return not_applicable("result", "no two points were timed in one comparison group");
    if (broken.empty()) {
        return satisfied("result", fmt::format("{} comparison groups, each timed in complete rounds: comparisons are "
                                               "paired by round",
                                               compared));
    }
    return violated("result",
                    fmt::format("{} of {} comparison groups have rounds that do not visit all of their points: {}",
                                broken.size(), compared, some_of(broken)),
                    "find out why a point dropped out (headcount table) and measure the group again");
}

RuleFinding judge(const ClaimView& claim) {
    const auto open =
        std::ranges::find_if(claim.verdicts, [](const Verdict& v) { return !v.summary && !v.interval.bounded(); });
    if (claim.verdicts.size() > 1 && open == claim.verdicts.end()) {
        return satisfied(claim.subject(),
                         "paired signed-rank tests, corrected by Holm over all comparisons of the "
                         "claim; equality by an equivalence test");
    }
    const Verdict& verdict = open == claim.verdicts.end() ? claim.verdicts.front() : *open;
    return violated(claim.subject(), fmt::format("nothing to test at {}: {}", verdict.combination, verdict.reason),
                    "put what is compared into one group (`compare_by`) and measure at least 6 rounds");
}

std::vector<RuleFinding> check(const LintInput& input) {
    std::vector<RuleFinding> findings{whole_result(input)};
    for (const ClaimView& claim : input.claims) {
        if (!claim.exact()) findings.push_back(judge(claim));
    }
    for (const Display& display : input.displays) {
        if (!(display.shows("time") || display.shows("ratio")) || input.timed.empty()) continue;
        findings.push_back(display.intervals && display.single.empty()
                               ? satisfied(display.name, "what it puts side by side stands with 95 % intervals")
                               : violated(display.name,
                                          "puts measured values side by side without intervals: " +
                                              (display.single.empty() ? "its measured values" : display.single),
                                          "conclude from the verdicts (headcount verify), not from this display"));
    }
    return findings;
}

}  // namespace

Rule comparison() {
    return {.number = 7,
            .says = "compare nondeterministic data in a statistically sound way",
            .elsewhere = "exact values are compared as integers",
            .check = check};
}

}  // namespace headcount::rules
