// `peaks_at: VALUE`: at this value of the axis the metric is larger than at every other.
#include <algorithm>

#include <fmt/format.h>

#include "harness/analysis/claims/claim.hpp"
#include "harness/core/error.hpp"

namespace headcount::claims {

namespace {

Finding judge(const Comparison& comparison) {
    const ClaimSpec& claim = comparison.claim;
    if (claim.across.size() != 1) {
        throw UsageError(
            fmt::format("{}: claim {}: peaks_at needs exactly one axis in `across`", claim.location, claim.id));
    }
    const auto peak = std::ranges::find_if(comparison.cases, [&](const Case& c) {
        return get_field(c.entry->point, claim.across.front()) == claim.argument;
    });
    if (peak == comparison.cases.end()) {
        return {.reason = fmt::format("no case with a value has {}={}", claim.across.front(), claim.argument)};
    }
    if (comparison.cases.size() < 2) return {.reason = "one point only: nothing to compare"};
    Finding finding;
    for (const Case& c : comparison.cases) {
        if (&c == &*peak) continue;
        const std::string label = fmt::format("{} against the peak", comparison.label(c));
        if (!comparison.metric.exact) {
            finding.tests.push_back(ratio_test(label, c.value, peak->value, {.high = kBelowOne}));
            if (finding.tests.back().rounds == 0) finding.reason = label + ": no round in common";
        } else if (*c.value.exact >= *peak->value.exact) {
            return {.status = Status::refuted,
                    .observed = fmt::format("{} at {}", factor_text(*c.value.exact, *peak->value.exact), label),
                    .told = told_beside(comparison, c, *peak)};
        }
    }
    if (comparison.metric.exact) {
        finding.status = Status::supported;
        finding.observed = fmt::format("{} at {}, more than in {} others", to_text(*peak->value.exact),
                                       comparison.label(*peak), comparison.cases.size() - 1);
        finding.told = fmt::format("is {} at {}, more than in the {} other cases", to_text(*peak->value.exact),
                                   comparison.label(*peak), comparison.cases.size() - 1);
    }
    return finding;
}

}  // namespace

ClaimKind peaks_at() {
    return {.judges = Judges::either,
            .argument = "VALUE",
            .doc = "larger at this value of the axis than at every other",
            .judge = judge};
}

}  // namespace headcount::claims
