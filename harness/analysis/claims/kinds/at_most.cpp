// `at_most: EXPR`: the value never above a bound; of a measured metric, the ratio to the base case.
#include <functional>

#include "harness/analysis/claims/kinds/bound.hpp"

namespace headcount::claims {

namespace {

Finding judge(const Comparison& comparison) {
    if (comparison.metric.exact) return judge_bound(comparison, std::less_equal<>(), "above", "at most");
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
