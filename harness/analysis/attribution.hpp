// Where the time of more heads goes: the parts of T(H) - T(1), which sum to it but for a residual that is printed.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/head_series.hpp"
#include "harness/stats/interval.hpp"

namespace headcount {

/// Seconds by which one point takes longer than the one with the fewest heads.
struct Attribution {
    const Entry* base = nullptr;
    const Entry* point = nullptr;
    Interval difference{};  ///< paired by round, in seconds
    double softmax = 0;
    double gemm_work = 0;                        ///< more multiplies than the base, at the base's speed
    double gemm_efficiency = 0;                  ///< what the same products take longer: the price of narrow matrices
    double copies = 0;                           ///< layout copies
    double fused = 0;                            ///< a fused core, which tracing does not look into
    double rest = 0;                             ///< other verbs, and what lies between the verbs
    double base_tracing = 1, point_tracing = 1;  ///< time of the traced pass over the median of the samples

    double sum() const { return softmax + gemm_work + gemm_efficiency + copies + fused + rest; }
    double residual() const { return difference.estimate - sum(); }
    bool residual_within_interval() const { return difference.contains(sum()); }
};

/// One for each point but the first of a series that was traced. The traced pass gives the shares, the samples the
/// time: each span is scaled by its own point's median over its traced pass, so that tracing's own cost, stated
/// as that factor, is spread in proportion.
std::vector<Attribution> attribute(const HeadSeries& series);

/// For a terminal; "" when no series was timed and traced.
std::string attribution_text(const std::vector<HeadSeries>& all);

}  // namespace headcount
