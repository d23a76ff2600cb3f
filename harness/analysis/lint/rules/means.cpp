// Rule 3: arithmetic means are for costs; rates want the harmonic mean, or to be computed from costs.
#include <fmt/format.h>

#include "harness/analysis/lint/lint.hpp"

namespace headcount::rules {

namespace {

constexpr double kUntraced = 0.1;  // of a pass may lie between its spans

/// The parts of a traced pass are arithmetic means of seconds: means add up to the whole, other summaries do not.
RuleFinding traced_parts(const LintInput& input) {
    std::vector<std::string> wrong;
    std::size_t traced = 0;
    for (const Entry& entry : input.records.entries()) {
        if (entry.record.breakdown.empty() || entry.record.traced_s <= 0) continue;
        ++traced;
        double sum = 0;
        for (const SpanRecord& span : entry.record.breakdown) sum += span.seconds;
        const double share = sum / entry.record.traced_s;
        if (share < 1 - kUntraced || share > 1 + 1e-6) {
            wrong.push_back(fmt::format("{} ({:.0f} %)", entry.id, 100 * share));
        }
    }
    if (traced == 0) return not_applicable("result", "no traced pass, and times are summarised by medians");
    if (wrong.empty()) {
        return satisfied("result", fmt::format("means are taken of costs only: the parts of {} traced passes are "
                                               "arithmetic means of seconds and add up to the pass",
                                               traced));
    }
    return violated("result",
                    fmt::format("the parts of {} of {} traced passes do not add up to the pass, as arithmetic means "
                                "of costs would: {}",
                                wrong.size(), traced, some_of(wrong)),
                    "measure these points again; parts summarised one by one by another mean cannot be compared");
}

bool is_rate(const Metric& metric) { return metric.unit.ends_with("/s"); }

std::vector<RuleFinding> check(const LintInput& input) {
    std::vector<RuleFinding> findings{traced_parts(input)};
    for (const ClaimView& claim : input.claims) {
        if (claim.exact()) continue;
        findings.push_back(
            is_rate(*claim.metric)
                ? violated(claim.subject(), "summarises the rate " + claim.metric->name + " over rounds",
                           "claim the time instead: work is exact, so a rate follows from the summarised time")
                : satisfied(claim.subject(), "summarises a cost in " + claim.metric->unit + ", no rate"));
    }
    for (const Display& display : input.displays) {
        if (display.summary == "none" || input.timed.empty()) continue;
        const bool average = display.summary == "mean";
        if (average && (display.shows("rate") || display.shows("ratio"))) {
            findings.push_back(
                violated(display.name, "an arithmetic mean of rates or ratios", "summarise the seconds, then divide"));
        } else {
            findings.push_back(satisfied(display.name, average ? "the arithmetic mean is of seconds"
                                                       : display.shows("rate")
                                                           ? "rates are exact work over the median of the seconds"
                                                           : "no arithmetic mean: " + display.summary));
        }
    }
    return findings;
}

}  // namespace

Rule means() {
    return {.number = 3,
            .says = "arithmetic means summarise costs only; rates take the harmonic mean",
            .elsewhere = "nothing is averaged: exact values",
            .check = check};
}

}  // namespace headcount::rules
