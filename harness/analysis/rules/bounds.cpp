// Rule 11: what was measured stands beside what would be possible.
#include <algorithm>

#include <fmt/format.h>

#include "harness/analysis/lint.hpp"

namespace headcount::rules {

namespace {

struct Bounds {
    std::vector<std::string> unknown;  ///< limits that are needed and absent
    std::vector<std::string> broken;   ///< points faster than the limit
    double best = 0;                   ///< largest share of the peak
};

Bounds bounds_of(const LintInput& input) {
    Bounds bounds;
    for (const std::size_t i : input.timed) {
        const Entry& entry = input.records.entries()[i];
        const std::string key =
            fmt::format("fma_gflops.{}.threads={}", to_string(entry.point.problem.dtype), entry.point.num_threads);
        const auto limit = input.journal.run.limits.find(key);
        if (limit == input.journal.run.limits.end() || !(limit->second > 0)) {
            if (std::ranges::find(bounds.unknown, key) == bounds.unknown.end()) bounds.unknown.push_back(key);
            continue;
        }
        double flops = 0;
        for (const OpPart& part : entry.record.ops) {
            if (part.op == "matmul") flops += 2 * static_cast<double>(part.required.multiplies);
        }
        const double share = flops / input.summaries[i].time.estimate / 1e9 / limit->second;
        bounds.best = std::max(bounds.best, share);
        if (share > 1) bounds.broken.push_back(fmt::format("{} ({:.0f} %)", entry.id, 100 * share));
    }
    return bounds;
}

RuleFinding whole_result(const Bounds& bounds) {
    if (!bounds.unknown.empty()) {
        return violated("result", "no measured limit for timed points: " + some_of(bounds.unknown),
                        "measure again: a run measures the limits of every number of threads first");
    }
    if (!bounds.broken.empty()) {
        return violated("result", "faster than the limit, so it is none: " + some_of(bounds.broken),
                        "measure the limits on a quiet machine, at the clock frequency of the points");
    }
    return satisfied("result", fmt::format("measured limits for every timed point; the best reaches {:.0f} % of the "
                                           "multiply-add peak",
                                           100 * bounds.best));
}

std::vector<RuleFinding> check(const LintInput& input) {
    if (input.timed.empty()) return {};
    const Bounds bounds = bounds_of(input);
    std::vector<RuleFinding> findings{whole_result(bounds)};
    for (const Display& display : input.displays) {
        if (!(display.shows("time") || display.shows("rate"))) continue;
        const bool known = bounds.unknown.empty() && bounds.broken.empty();
        if (display.bound.empty()) {
            findings.push_back(violated(display.name, "shows times without what the machine could do",
                                        "read it beside the share of the peak in `headcount table`"));
        } else if (!known) {
            findings.push_back(violated(display.name, "has room for a bound, and the result holds none that is one",
                                        "see the result's own finding"));
        } else {
            findings.push_back(satisfied(display.name, display.bound));
        }
    }
    return findings;
}

}  // namespace

Rule bounds() {
    return {.number = 11,
            .says = "show upper bounds of performance, so that results can be interpreted",
            .elsewhere = "no absolute performance: a ratio or an exact count is no share of a peak",
            .check = check};
}

}  // namespace headcount::rules
