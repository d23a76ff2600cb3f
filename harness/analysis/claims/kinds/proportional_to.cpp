// `proportional_to: EXPR`: value / EXPR is the same in every case.
#include "harness/analysis/claims/kinds/proportional.hpp"

namespace headcount::claims {

ClaimKind proportional_to() {
    return {.judges = Judges::exact,
            .argument = "EXPR",
            .doc = "exactly proportional to an expression of the point's fields",
            .judge = [](const Comparison& comparison) { return judge_proportion(comparison, Proportion::direct); },
            .trend = [](const ClaimSpec&,
                        Status status) { return status == Status::supported ? Trend::proportional : Trend::none; }};
}

}  // namespace headcount::claims
