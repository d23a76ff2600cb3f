// What the machine's measured limits say of a verb's time: how much of it arithmetic needs, how much memory may take.
#pragma once

#include <optional>

#include "harness/core/op_cost.hpp"
#include "harness/core/point.hpp"
#include "harness/journal/record.hpp"

namespace headcount {

/// Rates of the limits that were measured before the first sample, a second.
struct Rates {
    double flops = 0;  ///< fused multiply-adds, two each
    double exps = 0;
    double bytes = 0;  ///< streaming reads from beyond the caches
};

/// The rates of the run that took this record, for the point's threads; none for points that are not f32, nor where a
/// limit was not measured.
std::optional<Rates> rates_of(const RunRecord& run, const PointRecord& record, const Point& point);

/// Seconds of one verb in three parts that sum to it. The first two are a model (Williams et al. 2009), bounded by what
/// was measured.
struct TimeParts {
    double arithmetic = 0;       ///< what the arithmetic takes at the measured peak
    double traffic = 0;          ///< what its counted bytes take longer than that at the streaming rate
    double beyond = 0;           ///< the rest: what neither limit explains
    double traffic_at_most = 0;  ///< all of its bytes, as if none moved while arithmetic is done; not part of the sum
};

/// With t_a and t_b the times that arithmetic and bytes need alone: arithmetic = min(t_a, seconds), traffic =
/// max(0, t_b - t_a) and traffic_at_most = t_b, both as far as `seconds` goes beyond arithmetic.
TimeParts split_time(double seconds, const OpCost& work, const Rates& rates);

}  // namespace headcount
