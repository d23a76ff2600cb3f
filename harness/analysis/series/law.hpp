// A law for the time of heads at fixed width: T = T_proj + alpha E + beta H, with intervals and a check.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/series/head_series.hpp"
#include "harness/stats/interval.hpp"

namespace headcount {

/// What the law says of a point that was left out of the fit, over what was measured.
struct LeftOut {
    double heads = 0;
    Interval ratio{};  ///< predicted / measured, paired by round
};

struct Law {
    double projections_s = 0;  ///< T_proj: the traced share of the projections, of the timed median
    bool has_projections = false;
    Interval alpha{};       ///< seconds a column of E: what the core costs however many heads share it
    Interval beta{};        ///< seconds a head
    Interval break_even{};  ///< head_dim at which beta H equals alpha E; finer heads cost more than the columns
    std::vector<LeftOut> left_out{};
};

/// Least squares round by round, so that drift cancels; intervals over the rounds. T_proj counts as known: the
/// series has one E, so that the fit itself tells the sum T_proj + alpha E only. Needs three numbers of heads.
Law fit_law(const HeadSeries& series);

/// For a terminal; "" when no series has three numbers of heads.
std::string law_text(const std::vector<HeadSeries>& all);

}  // namespace headcount
