// `at_most: EXPR`: the value never above it; of a measured metric, the ratio to the base case.
#include <functional>

#include "harness/analysis/claims/kinds/one_sided.hpp"

namespace headcount::claims {

namespace {

Finding judge(const Comparison& comparison) {
    if (comparison.metric.exact) return judge_one_sided(comparison, std::less_equal<>(), "above", "at most");
    return test_ratios(comparison,
                       [&](const Case& c) { return Range{.high = static_cast<double>(argument_at(comparison, c))}; });
}

/// Only an argument that is the base itself says whether the value grows.
Trend trend(const ClaimSpec& claim, Status status) {
    if (claim.argument != "base" || status == Status::inconclusive) return Trend::none;
    return status == Status::supported ? Trend::does_not_grow : Trend::grows;
}

std::optional<double> slack(const ClaimSpec& claim) {
    const std::optional<double> bound = constant_argument(claim);
    if (!bound || *bound - 1 <= 0) return std::nullopt;
    return *bound - 1;
}

}  // namespace

ClaimKind at_most() {
    return {.judges = Judges::either,
            .argument = "EXPR",
            .doc = "never above an expression of the point's fields; of a measured metric, the ratio to the base case",
            .judge = judge,
            .limit = [](const ClaimSpec& claim) { return "at most " + claim.argument + " times the base"; },
            .trend = trend,
            .slack = slack};
}

}  // namespace headcount::claims
