// `inversely_proportional_to: EXPR`: value * EXPR is the same in every case.
#include "harness/analysis/claims/kinds/proportional.hpp"

namespace headcount::claims {

ClaimKind inversely_proportional_to() {
    return {.judges = Judges::exact,
            .argument = "EXPR",
            .doc = "exactly inversely proportional to an expression of the point's fields",
            .judge = [](const Comparison& comparison) { return judge_proportion(comparison, Proportion::inverse); },
            .trend = [](const ClaimSpec&,
                        Status status) { return status == Status::supported ? Trend::inverse : Trend::none; }};
}

}  // namespace headcount::claims
