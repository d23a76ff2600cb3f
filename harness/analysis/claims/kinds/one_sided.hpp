// What `at_least` and `at_most` share: an exact value against the claim's argument, in every case.
#pragma once

#include <string_view>

#include <fmt/format.h>

#include "harness/analysis/claims/claim.hpp"

namespace headcount::claims {

/// `holds(value, argument)` says whether a case keeps it; `broken` and `kept` are the words for the finding ("below",
/// "at least").
template <class Holds>
Finding judge_one_sided(const Comparison& comparison, Holds holds, std::string_view broken, std::string_view kept) {
    Finding finding{.status = Status::supported};
    for (const Case& c : comparison.cases) {
        const Rational argument = argument_at(comparison, c);
        if (holds(*c.value.exact, argument)) continue;
        finding.status = Status::refuted;
        finding.observed =
            fmt::format("{} at {}, {} {}", to_text(*c.value.exact), comparison.label(c), broken, to_text(argument));
        return finding;
    }
    const Case& last = comparison.cases.back();
    finding.observed = fmt::format("{} at {}, {} {}", to_text(*last.value.exact), comparison.label(last), kept,
                                   to_text(argument_at(comparison, last)));
    return finding;
}

}  // namespace headcount::claims
