// Where the time of a pass goes: several traced passes, and the mean of the ordinary ones.
#pragma once

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
/// pass.
Traced middle_half(std::vector<TracedPass> passes);

/// Runs the pass once untraced, then 1 to 21 times traced: a slow one speaks in one pass, a fast one needs many.
Traced trace(const std::function<void()>& pass, Backend& backend);

}  // namespace headcount
