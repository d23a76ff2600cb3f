// Rule 11: what was measured stands beside what would be possible.
#include <algorithm>

#include <fmt/format.h>

#include "harness/analysis/lint/lint.hpp"
#include "harness/analysis/model/time_bound.hpp"

namespace headcount::rules {

namespace {

struct Bounds {
    std::vector<std::string> unknown;  ///< why points have none
    std::vector<std::string> broken;   ///< points whose median is faster than theirs
    std::vector<std::string> partial;  ///< what bounds lack
    double nearest = 0;                ///< least time over bound
};

void add_new(std::vector<std::string>& texts, const std::string& text) {
    if (std::ranges::find(texts, text) == texts.end()) texts.push_back(text);
}

Bounds bounds_of(const LintInput& input) {
    Bounds bounds;
    for (const std::size_t i : input.timed) {
        const Entry& entry = input.records.entries()[i];
        const TimeBound bound = time_bound(entry);
        if (!bound.missing.empty()) {
            add_new(bounds.unknown, bound.missing);
            continue;
        }
        for (const std::string& part : bound.left_out) add_new(bounds.partial, part);
        const double over = input.summaries[i].time.estimate / bound.seconds();
        if (bounds.nearest == 0 || over < bounds.nearest) bounds.nearest = over;
        if (over < 1) bounds.broken.push_back(fmt::format("{} ({:.0f} %)", entry.id, 100 / over));
    }
    return bounds;
}

RuleFinding whole_result(const Bounds& bounds) {
    if (!bounds.unknown.empty()) {
        return violated("result", "no bound for timed points: " + some_of(bounds.unknown),
                        "measure again: a run measures the limits of every number of threads first");
    }
    if (!bounds.broken.empty()) {
        return violated("result", "faster than the bound, so it is none: " + some_of(bounds.broken),
                        "measure the limits on a quiet machine, at the clock frequency of the points");
    }
    return satisfied(
        "result",
        fmt::format("a bound from measured limits for every timed point{}; the nearest takes {:.2f} of it",
                    bounds.partial.empty() ? "" : " (partial: " + some_of(bounds.partial) + ")", bounds.nearest));
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
                                        "read it beside the bound in `headcount table`"));
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
