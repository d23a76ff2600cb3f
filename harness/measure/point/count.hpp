// Counting by running: what one forward pass costs, without memory or arithmetic.
#pragma once

#include "harness/core/count.hpp"
#include "harness/core/point.hpp"

namespace headcount {

/// Throws UsageError for unknown names, Error when the point cannot run.
Count count_point(const Point& point);

}  // namespace headcount
