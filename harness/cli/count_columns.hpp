// Several counts side by side: what a list of values of one flag asks for.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/table/table.hpp"
#include "harness/core/point.hpp"
#include "harness/measure/point/count.hpp"

namespace headcount {

struct CountedPoint {
    Point point;
    Count count;
};

/// A row a quantity, two columns a point but for the first, which is the base: the value, and its ratio to the base.
/// `field` is what the list varies, `layers` 0 where no model is named.
Table count_columns(const std::vector<CountedPoint>& points, const std::string& field, Ledger ledger, int layers,
                    Audience audience = Audience::people);

}  // namespace headcount
