// `exponent: "2 +- 0.1"`: the log-log slope along the axis, fitted round by round, lies within the margin.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "harness/analysis/claims/claim.hpp"
#include "harness/core/error.hpp"
#include "harness/stats/fit.hpp"

namespace headcount::claims {

namespace {

Range range_of(const ClaimSpec& claim) {
    std::string text;
    std::ranges::copy_if(claim.argument, std::back_inserter(text), [](char c) { return c != ' '; });
    const std::size_t sign = text.find("+-");
    if (sign == std::string::npos) {
        throw UsageError(fmt::format("{}: claim {}: exponent: '{}' has no margin; write e.g. \"2 +- 0.1\"",
                                     claim.location, claim.id, claim.argument));
    }
    const double centre = number_argument(claim, std::string_view(text).substr(0, sign));
    const double margin = number_argument(claim, std::string_view(text).substr(sign + 2));
    return {.low = centre - margin, .high = centre + margin};
}

std::string margin(const ClaimSpec& claim) {
    const Range range = range_of(claim);
    return fmt::format("[{:.4g}, {:.4g}]", range.low, range.high);
}

Finding judge(const Comparison& comparison) {
    const Range range = range_of(comparison.claim);
    std::vector<double> x;
    std::vector<std::vector<RoundValue>> points;
    for (const Case& c : comparison.cases) {
        x.push_back(static_cast<double>(across_value(comparison, c)));
        points.push_back(c.value.rounds);
    }
    if (std::set<double>(x.begin(), x.end()).size() < 3)
        return {.reason = "an exponent needs three values of the axis"};
    const std::vector<std::vector<double>> complete = shared_rounds(points).complete;
    if (complete.empty()) return {.reason = "no round visits all points; compare them in one group (compare_by)"};
    const SignedRank slopes = slopes_by_round(x, complete);
    const Interval interval = slopes.interval();
    const double p = 2 * std::min(slopes.p_at_least(range.low), slopes.p_at_most(range.high));
    return {.tests = {{.label = fmt::format("over {} values of {}", x.size(), comparison.claim.across.front()),
                       .interval = interval,
                       .rounds = slopes.size(),
                       .autocorrelated = slopes.autocorrelated(),
                       .supports = equivalence(interval, range.low, range.high) == Status::supported,
                       .p_refuted = std::min(1.0, p),
                       .at_confidence = [slopes](double confidence) { return slopes.interval(confidence); }}}};
}

}  // namespace

ClaimKind exponent() {
    return {.judges = Judges::measured,
            .argument = "EXPONENT +- MARGIN",
            .doc = "the log-log slope along the axis, fitted round by round, lies in the range",
            .judge = judge,
            .margin = margin,
            .limit = [](const ClaimSpec& claim) { return "with an exponent in " + margin(claim); }};
}

}  // namespace headcount::claims
