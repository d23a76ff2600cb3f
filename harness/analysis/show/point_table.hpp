// Results as a table for people and papers.
#pragma once

#include "harness/analysis/records/record_set.hpp"
#include "harness/analysis/table/table.hpp"

namespace headcount {

struct PointTableOptions {
    bool counted = false;  ///< points that were only counted as well (always when nothing was timed), and more counts
    bool ids = false;      ///< a first column with Point::id(), for joining with other files
};

/// One row a point: the fields that vary, counts of the required ledger, memory, median time with its 95 %
/// interval, product GFLOP/s with their share of the measured peak, the paired ratio to the group's base, the time over
/// its bound and what binds; where a point is bound by memory or reads more keys than it has queries, the share of the
/// bandwidth of reading from memory. A sample faster than its bound is told in the note.
Table point_table(const RecordSet& records, const PointTableOptions& options = {});

/// A line for bounds that lack a part and one for points without any, each with the reasons; "" when all are whole.
std::string bounds_text(const RecordSet& records);

}  // namespace headcount
