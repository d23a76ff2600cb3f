// `inversely_proportional_to: EXPR`: value * EXPR is the same in every case.
#include <fmt/format.h>

#include "harness/analysis/claim.hpp"

namespace headcount::claims {

namespace {

Finding judge(const Comparison& comparison) {
    Finding finding;
    if (comparison.cases.size() < 2) return {.reason = "one point only: nothing to compare"};
    const Case& base = comparison.base_case();
    const Rational product = *base.value.exact * argument_at(comparison, base);
    if (product == 0) return {.reason = "value times expression is 0 in the base case"};
    finding.status = Status::supported;
    for (const Case& c : comparison.cases) {
        const Rational law = argument_at(comparison, c);
        const std::string factor = factor_text(*c.value.exact, *base.value.exact);
        if (*c.value.exact * law == product) {
            if (finding.status == Status::supported && &c != &base) {
                finding.observed = fmt::format("{} at {}", factor, comparison.label(c));
            }
        } else {
            finding.status = Status::refuted;
            finding.observed =
                fmt::format("{} at {}, the law says {} as much", factor, comparison.label(c),
                            law == 0 ? "infinitely" : to_text(Rational(product / law / *base.value.exact)));
        }
    }
    return finding;
}

}  // namespace

ClaimKind inversely_proportional_to() {
    return {.judges = Judges::exact,
            .argument = "EXPR",
            .doc = "exactly inversely proportional to an expression of the point's fields",
            .judge = judge};
}

}  // namespace headcount::claims
