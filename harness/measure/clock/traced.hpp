// Where the time of a pass goes: several traced passes, and the mean of the ordinary ones.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "harness/core/op_cost.hpp"
#include "harness/journal/record.hpp"

namespace headcount {

class Backend;

struct TracedPass {
    double seconds = 0;  ///< the whole pass
    std::vector<OpSpan> spans{};
};

struct Traced {
    std::vector<SpanRecord> breakdown;
    double seconds = 0;  ///< the whole pass
};

/// The mean over the middle half of the passes, ordered by their totals: preempted passes do not count, and unlike
/// medians of each span its parts still sum to its total. Calls of one verb and role are added up; there has to be a
/// pass. Each part has the rank interval of its median over all passes, in the order they were taken, widened to the
/// mean where that lies outside; -1 for fewer than 6 passes.
Traced middle_half(const std::vector<TracedPass>& passes_in_order);

/// Runs the pass once untraced, then 10 to 21 times traced; six times where that takes a second, fewer where
/// those take three.
Traced trace(const std::function<void()>& pass, Backend& backend);

/// How many traced passes these are where each takes so long.
std::size_t traced_passes(double pass_s);

}  // namespace headcount
