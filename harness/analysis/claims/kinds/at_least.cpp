// `at_least: EXPR`: the value never below it; of a measured metric, the ratio to the base case.
#include <functional>

#include "harness/analysis/claims/kinds/one_sided.hpp"

namespace headcount::claims {

namespace {

Finding judge(const Comparison& comparison) {
    if (comparison.metric.exact) return judge_one_sided(comparison, std::greater_equal<>(), "below", "at least");
    return test_ratios(comparison,
                       [&](const Case& c) { return Range{.low = static_cast<double>(argument_at(comparison, c))}; });
}

std::optional<double> slack(const ClaimSpec& claim) {
    const std::optional<double> bound = constant_argument(claim);
    if (!bound || 1 - *bound <= 0) return std::nullopt;
    return 1 - *bound;
}

}  // namespace

ClaimKind at_least() {
    return {.judges = Judges::either,
            .argument = "EXPR",
            .doc = "never below an expression of the point's fields; of a measured metric, the ratio to the base case",
            .judge = judge,
            .limit = [](const ClaimSpec& claim) { return "at least " + claim.argument + " times the base"; },
            .slack = slack};
}

}  // namespace headcount::claims
