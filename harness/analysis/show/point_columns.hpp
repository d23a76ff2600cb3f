// The columns a table of points may have, as data: what a flag names, people read and programs join.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/claims/point_summary.hpp"
#include "harness/analysis/records/record_set.hpp"
#include "harness/analysis/table/table.hpp"

namespace headcount {

/// What a row is made of.
struct PointRow {
    const Entry& entry;
    const PointSummary& summary;
    bool is_base = false;
    std::string base{};  ///< of its ratio, for people: "num_heads=1", in the fields that any row of the table compares
    std::string differs{};  ///< the same, only where it differs from this row; both "" without a ratio
    std::string base_id{};  ///< its Point::id()
};

/// A name and its cell; "" where there is nothing to say.
struct PointCell {
    std::string name;
    std::function<std::string(const PointRow& row)> text;
    Align align = Align::right;
};

struct PointColumn {
    std::string key;                  ///< "interval": what --columns and --sort call it
    std::string doc;                  ///< with units
    PointCell people;                 ///< rounded, with units
    std::vector<PointCell> programs;  ///< full precision, one number each, units in the names; as points.csv calls them
};

/// All but fields and metrics, in the order in which they stand.
const std::vector<PointColumn>& point_columns();

/// A column of point_columns(), a field or a metric, by name. Throws UsageError with a suggestion.
PointColumn find_point_column(const RecordSet& records, std::string_view key);

/// What there is to know of a point besides its numbers: "several modes: 5 % below 1.2, 95 % below 3 ms". `brief`: in
/// words that are the same for many points, without their numbers.
std::vector<std::string> notes_of(const PointRow& row, bool brief);

}  // namespace headcount
