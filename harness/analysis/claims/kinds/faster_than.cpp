// `faster_than: FACTOR`: every case takes less than 1 / FACTOR of the base case's time.
#include <algorithm>

#include <fmt/format.h>

#include "harness/analysis/claims/claim.hpp"
#include "harness/core/error.hpp"

namespace headcount::claims {

namespace {

double largest_ratio(const ClaimSpec& claim) {
    const double factor = number_argument(claim, claim.argument);
    if (!(factor >= 1)) {
        throw UsageError(
            fmt::format("{}: claim {}: faster_than: {} is no factor; write 1 for any difference, or e.g. "
                        "1.1 for 10 % more speed",
                        claim.location, claim.id, claim.argument));
    }
    return std::min(1 / factor, kBelowOne);
}

Finding judge(const Comparison& comparison) {
    const double high = largest_ratio(comparison.claim);
    return test_ratios(comparison, [&](const Case&) { return Range{.high = high}; });
}

}  // namespace

ClaimKind faster_than() {
    return {.judges = Judges::measured,
            .argument = "FACTOR",
            .doc = "takes less than 1 / FACTOR of the base case's time; 1: any less",
            .judge = judge,
            .margin = [](const ClaimSpec& claim) { return fmt::format("below {:.4g}", largest_ratio(claim)); },
            .limit =
                [](const ClaimSpec& claim) {
                    return fmt::format("less than {:.4g} times the base", largest_ratio(claim));
                }};
}

}  // namespace headcount::claims
