// `within: MARGIN`: an equivalence test; the ratio to the base lies in [1 - MARGIN, 1 + MARGIN].
#include <algorithm>

#include <fmt/format.h>

#include "harness/analysis/claim.hpp"
#include "harness/core/error.hpp"
#include "harness/stats/paired.hpp"

namespace headcount::claims {

namespace {

double margin_of(const ClaimSpec& claim) {
    const double margin = number_argument(claim, claim.argument);
    if (margin > 0 && margin < 1) return margin;
    throw UsageError(fmt::format("{}: claim {}: within: {} is no margin; write a number between 0 and 1, e.g. 0.02",
                                 claim.location, claim.id, claim.argument));
}

std::string margin(const ClaimSpec& claim) {
    return fmt::format("[{:.4g}, {:.4g}]", 1 - margin_of(claim), 1 + margin_of(claim));
}

Finding judge(const Comparison& comparison) {
    const double low = 1 - margin_of(comparison.claim);
    const double high = 1 + margin_of(comparison.claim);
    Finding finding;
    for (const Case& c : comparison.cases) {
        if (&c == &comparison.base_case()) continue;
        const PairedRounds rounds = paired_rounds(c.value, comparison.base_case().value);
        if (rounds.value.empty()) {
            finding.reason = fmt::format("{} shares no round with the base case", comparison.label(c));
            finding.tests.push_back({.label = comparison.label(c)});
            continue;
        }
        const PairedRatio ratio(rounds.value, rounds.base);
        const Interval interval = ratio.interval();
        finding.tests.push_back(
            {.label = comparison.label(c),
             .interval = interval,
             .rounds = rounds.value.size(),
             .autocorrelated = ratio.logs().autocorrelated(),
             .supports = equivalence(interval, low, high) == Status::supported,
             .p_refuted = std::min(1.0, 2 * std::min(ratio.p_at_least(low), ratio.p_at_most(high)))});
    }
    if (comparison.cases.size() < 2) finding.reason = "one point only: nothing to compare";
    return finding;
}

}  // namespace

ClaimKind within() {
    return {.exact = false,
            .argument = "MARGIN",
            .doc = "equivalence test: the paired ratio to the base lies within this relative margin of 1",
            .judge = judge,
            .margin = margin};
}

}  // namespace headcount::claims
