// `at_most: EXPR`: the value never above a bound; of a measured metric, the ratio to the base case.
#include <fmt/format.h>

#include "harness/analysis/claim.hpp"

namespace headcount::claims {

namespace {

Finding judge_exact(const Comparison& comparison) {
    Finding finding{.status = Status::supported};
    for (const Case& c : comparison.cases) {
        const Rational bound = argument_at(comparison, c);
        if (*c.value.exact <= bound) continue;
        finding.status = Status::refuted;
        finding.observed =
            fmt::format("{} at {}, above {}", to_text(*c.value.exact), comparison.label(c), to_text(bound));
        return finding;
    }
    const Case& last = comparison.cases.back();
    finding.observed = fmt::format("{} at {}, at most {}", to_text(*last.value.exact), comparison.label(last),
                                   to_text(argument_at(comparison, last)));
    return finding;
}

Finding judge(const Comparison& comparison) {
    if (comparison.metric.exact) return judge_exact(comparison);
    return test_ratios(comparison,
                       [&](const Case& c) { return Range{.high = static_cast<double>(argument_at(comparison, c))}; });
}

}  // namespace

ClaimKind at_most() {
    return {.judges = Judges::either,
            .argument = "EXPR",
            .doc = "never above an expression of the point's fields; of a measured metric, the ratio to the base case",
            .judge = judge};
}

}  // namespace headcount::claims
