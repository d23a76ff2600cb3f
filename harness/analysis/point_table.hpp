// Results as a table for people and papers.
#pragma once

#include "harness/analysis/record_set.hpp"
#include "harness/analysis/table.hpp"

namespace headcount {

struct PointTableOptions {
    bool counted = false;  ///< points that were only counted as well (always when nothing was timed), and more counts
    bool ids = false;      ///< a first column with Point::id(), for joining with other files
};

/// One row a point: the fields that vary, counts of the required ledger, memory, median time with its 95 %
/// interval, product GFLOP/s with their share of the measured peak, the paired ratio to the group's base.
Table point_table(const RecordSet& records, const PointTableOptions& options = {});

}  // namespace headcount
