// `affine: SLOPE`: value = intercept + SLOPE * axis, with exactly this slope.
#include <set>

#include <fmt/format.h>

#include "harness/analysis/claims/claim.hpp"
#include "harness/core/error.hpp"

namespace headcount::claims {

namespace {

Finding judge(const Comparison& comparison) {
    const Case& base = comparison.base_case();
    const Rational slope = argument_at(comparison, base);
    const Rational start = across_value(comparison, base);
    std::set<Rational> places;
    Finding finding{.status = Status::supported};
    for (const Case& c : comparison.cases) {
        if (argument_at(comparison, c) != slope) {
            throw UsageError(fmt::format("{}: claim {}: affine: '{}' changes along '{}'; a slope must not",
                                         comparison.claim.location, comparison.claim.id, comparison.claim.argument,
                                         comparison.claim.across.front()));
        }
        const Rational place = across_value(comparison, c);
        places.insert(place);
        const Rational rise = *c.value.exact - *base.value.exact;
        if (finding.status == Status::supported && rise != slope * (place - start)) {
            finding.status = Status::refuted;
            finding.observed = place == start ? fmt::format("two values at {}", comparison.label(c))
                                              : fmt::format("slope {} at {}, the law says {}",
                                                            to_text(Rational(rise / (place - start))),
                                                            comparison.label(c), to_text(slope));
            finding.told = "is not affine with that slope: " + finding.observed;
        }
    }
    if (finding.status == Status::refuted) return finding;
    // Two points lie on a line whatever the law is.
    if (places.size() < 3) return {.reason = "fewer than three values of the axis: any law would be affine"};
    finding.observed = fmt::format("slope exactly {} over {} values, intercept {}", to_text(slope), places.size(),
                                   to_text(Rational(*base.value.exact - slope * start)));
    finding.told = fmt::format("is {} + {} * {} {}", to_text(Rational(*base.value.exact - slope * start)),
                               to_text(slope), comparison.claim.across.front(), in_each_case(comparison));
    return finding;
}

}  // namespace

ClaimKind affine() {
    return {.judges = Judges::exact,
            .argument = "SLOPE",
            .doc = "affine in the axis, with exactly this slope",
            .judge = judge,
            .trend = [](const ClaimSpec& claim, Status status) {
                return status == Status::supported && claim.argument == "0" ? Trend::same : Trend::none;
            }};
}

}  // namespace headcount::claims
