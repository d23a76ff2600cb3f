// Where the time of more heads goes: the parts of T(H) - T(1), which sum to it but for a residual that is printed.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/series/head_series.hpp"
#include "harness/stats/interval.hpp"

namespace headcount {

/// Seconds by which one point takes longer than the one with the fewest heads. All parts are measured (the traced pass)
/// but `traffic`, which is a model's share of them (roofline.hpp); what it gets, softmax, products and fused core do
/// not. Where the run has no limits of the machine, `has_traffic` is false and it gets nothing.
struct Attribution {
    const Entry* base = nullptr;
    const Entry* point = nullptr;
    Interval difference{};  ///< paired by round, in seconds
    double softmax = 0;
    double gemm_work = 0;  ///< more multiplies than the base, at the base's speed
    /// What the same products take longer, memory traffic apart: the price of narrow matrices.
    double products_slower_s = 0;
    double traffic = 0;          ///< operand bytes of softmax, products and fused core, beyond what arithmetic hides
    double traffic_at_most = 0;  ///< the same if it hid nothing; not a part of the sum
    bool has_traffic = false;
    double copies = 0;                           ///< layout copies, which are nothing but traffic
    double fused = 0;                            ///< a fused core, which tracing does not look into
    double rest = 0;                             ///< other verbs, and what lies between the verbs
    double base_tracing = 1, point_tracing = 1;  ///< time of the traced pass over the median of the samples

    double sum() const { return softmax + gemm_work + products_slower_s + traffic + copies + fused + rest; }
    /// What the parts leave of the difference, with the interval of the difference about it: shares count as known.
    Interval residual() const;
    bool residual_within_interval() const { return difference.contains(sum()); }
};

/// One for each point but the first of a series that was traced. The traced pass gives the shares, the samples the
/// time: each span is scaled by its own point's median over its traced pass, so that tracing's own cost, stated
/// as that factor, is spread in proportion.
std::vector<Attribution> attribute(const HeadSeries& series, const RunRecord& run);

/// For a terminal; "" when no series was timed and traced.
std::string attribution_text(const std::vector<HeadSeries>& all, const RunRecord& run);

}  // namespace headcount
