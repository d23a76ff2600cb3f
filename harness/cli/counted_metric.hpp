// Any exact metric of any point, by counting it or following its dependencies: what published tables are computed
// from.
#pragma once

#include <string_view>

#include "harness/analysis/exact/expression.hpp"
#include "harness/core/op_cost.hpp"
#include "harness/core/point.hpp"

namespace headcount {

/// Throws UsageError: unknown metric, a metric that must be measured, a point that cannot run.
Rational counted_metric(const Point& point, std::string_view metric, Ledger ledger);

}  // namespace headcount
