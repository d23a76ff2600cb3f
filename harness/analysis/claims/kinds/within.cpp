// `within: MARGIN`: an equivalence test; the ratio to the base lies in [1 - MARGIN, 1 + MARGIN].
#include <fmt/format.h>

#include "harness/analysis/claims/claim.hpp"
#include "harness/core/error.hpp"

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
    const double size = margin_of(comparison.claim);
    return test_ratios(comparison, [&](const Case&) { return Range{.low = 1 - size, .high = 1 + size}; });
}

}  // namespace

ClaimKind within() {
    return {.judges = Judges::measured,
            .argument = "MARGIN",
            .doc = "equivalence test: the paired ratio to the base lies within this relative margin of 1",
            .judge = judge,
            .margin = margin,
            .limit =
                [](const ClaimSpec& claim) {
                    return fmt::format("between {:.4g} and {:.4g} times the base", 1 - margin_of(claim),
                                       1 + margin_of(claim));
                },
            .slack = [](const ClaimSpec& claim) { return std::optional(margin_of(claim)); }};
}

}  // namespace headcount::claims
