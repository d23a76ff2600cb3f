// Results as a table for people, papers and programs.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/records/record_set.hpp"
#include "harness/analysis/table/table.hpp"

namespace headcount {

struct PointTableOptions {
    Audience audience = Audience::people;
    bool counted = false;                ///< points that were only counted as well, and more counts; else both come
                                         ///< where nothing was timed, and for programs
    std::vector<std::string> columns{};  ///< keys of point_columns(), fields or metrics; empty: chosen
    std::vector<std::string> where{};    ///< "num_heads=1,8"
    std::vector<std::string> sort{};     ///< "time", "time:desc"
    std::vector<std::string> base{};     ///< "num_heads=1"; empty: as the claims on time say
};

/// One row a point. For people: the fields that vary (those that do not stand in the conditions, with the machine, its
/// libraries and the commit), counts of the required ledger, memory, median time with its 95 % interval, product
/// GFLOP/s with their share of the measured peak, the paired ratio with what it is to, the time over its bound and what
/// binds; where a point is bound by memory or reads more keys than it has queries, the share of the bandwidth of
/// reading from memory. A sample faster than its bound is told in the note. Throws UsageError for an unknown field,
/// column or value, a base that no point has, and when no point is left.
Table point_table(const RecordSet& records, const PointTableOptions& options = {});

/// Keys of its columns without those that are fields, as people see it.
std::vector<std::string> columns_for_people(const RecordSet& records);

/// A line for bounds that lack a part and one for points without any, each with the reasons; "" when all are whole.
std::string bounds_text(const RecordSet& records);

}  // namespace headcount
