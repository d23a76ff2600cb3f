// What proportional_to and inversely_proportional_to share: the value divided by the law is the same in every case.
#pragma once

#include <fmt/format.h>

#include "harness/analysis/claims/claim.hpp"

namespace headcount::claims {

enum class Proportion : std::uint8_t { direct, inverse };

inline Finding judge_proportion(const Comparison& comparison, Proportion proportion) {
    if (comparison.cases.size() < 2) return {.reason = "one point only: nothing to compare"};
    const Case& base = comparison.base_case();
    const Rational base_value = *base.value.exact;
    const Rational base_law = argument_at(comparison, base);
    if (base_law == 0) return {.reason = fmt::format("{} is 0 in the base case", comparison.claim.argument)};
    // Inversely, nothing times any law is nothing: every value that is 0 would agree with every law.
    if (proportion == Proportion::inverse && base_value == 0) return {.reason = "the value is 0 in the base case"};
    Finding finding{.status = Status::supported};
    for (const Case& c : comparison.cases) {
        const Rational law = argument_at(comparison, c);
        const Rational above = proportion == Proportion::direct ? law : base_law;
        const Rational below = proportion == Proportion::direct ? base_law : law;
        const std::string factor = factor_text(*c.value.exact, base_value);
        if (*c.value.exact * below == base_value * above && below != 0) {
            if (finding.status == Status::supported && &c != &base) {
                finding.observed = fmt::format("{} at {}", factor, comparison.label(c));
                finding.told = told_beside(comparison, c, base);
            }
        } else {
            finding.status = Status::refuted;
            finding.observed = fmt::format("{} at {}, the law says {}", factor, comparison.label(c),
                                           below == 0 ? "infinitely much" : factor_text(above, below));
            finding.told = fmt::format("{}; the law says {}", told_beside(comparison, c, base),
                                       below == 0 ? "infinitely much" : factor_text(above, below));
        }
    }
    return finding;
}

}  // namespace headcount::claims
