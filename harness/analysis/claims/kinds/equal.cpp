// `equal: exactly`: the value is the same integer or fraction in every case.
#include <fmt/format.h>

#include "harness/analysis/claims/claim.hpp"
#include "harness/core/error.hpp"

namespace headcount::claims {

namespace {

Finding judge(const Comparison& comparison) {
    if (comparison.claim.argument != "exactly") {
        throw UsageError(
            fmt::format("{}: claim {}: equal: '{}': write `equal: exactly`, or `within: MARGIN` for a "
                        "measured metric",
                        comparison.claim.location, comparison.claim.id, comparison.claim.argument));
    }
    Finding finding;
    const Rational& base = *comparison.base_case().value.exact;
    const Case* last_different = nullptr;
    for (const Case& c : comparison.cases) {
        if (*c.value.exact != base) last_different = &c;
    }
    if (comparison.cases.size() < 2) {
        finding.reason = "one point only: nothing to compare";
    } else if (last_different != nullptr) {
        finding.status = Status::refuted;
        finding.observed = fmt::format("{} at {} ({})", factor_text(*last_different->value.exact, base),
                                       comparison.label(*last_different), to_text(*last_different->value.exact));
        finding.told = told_beside(comparison, *last_different, comparison.base_case());
    } else {
        finding.status = Status::supported;
        finding.observed = fmt::format("{} in all {} cases", to_text(base), comparison.cases.size());
        finding.told = fmt::format("is {} {}", to_text(base), in_each_case(comparison));
    }
    return finding;
}

}  // namespace

ClaimKind equal() {
    return {.judges = Judges::exact,
            .argument = "exactly",
            .doc = "the same value in every case",
            .judge = judge,
            .trend = same_or_changes};
}

}  // namespace headcount::claims
