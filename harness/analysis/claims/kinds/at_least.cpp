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

}  // namespace

ClaimKind at_least() {
    return {.judges = Judges::either,
            .argument = "EXPR",
            .doc = "never below an expression of the point's fields; of a measured metric, the ratio to the base case",
            .judge = judge,
            .limit = [](const ClaimSpec& claim) { return "at least " + claim.argument + " times the base"; }};
}

}  // namespace headcount::claims
