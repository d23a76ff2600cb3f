// `equals: EXPR`: the value is what a closed form says, in every case.
#include <fmt/format.h>

#include "harness/analysis/claims/claim.hpp"

namespace headcount::claims {

namespace {

Finding judge(const Comparison& comparison) {
    Finding finding{.status = Status::supported};
    for (const Case& c : comparison.cases) {
        const Rational law = argument_at(comparison, c);
        if (*c.value.exact == law) continue;
        finding.status = Status::refuted;
        finding.observed =
            fmt::format("{} at {}, the law says {}", to_text(*c.value.exact), comparison.label(c), to_text(law));
        finding.told = fmt::format("is {} at {}, where the law says {}", to_text(*c.value.exact), comparison.label(c),
                                   to_text(law));
        return finding;
    }
    const Case& last = comparison.cases.back();
    finding.observed = comparison.cases.size() == 1
                           ? to_text(*last.value.exact)
                           : fmt::format("as the law in all {} cases; {} at {}", comparison.cases.size(),
                                         to_text(*last.value.exact), comparison.label(last));
    finding.told =
        fmt::format("is what the law says {}, where it is {}", in_each_case(comparison), to_text(*last.value.exact));
    return finding;
}

}  // namespace

ClaimKind equals() {
    return {.judges = Judges::exact,
            .argument = "EXPR",
            .doc = "equal to a closed form of the point's fields",
            .judge = judge};
}

}  // namespace headcount::claims
