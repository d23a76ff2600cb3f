#include "harness/analysis/show/point_table_display.hpp"

#include <set>
#include <string>

#include "harness/analysis/show/point_table.hpp"

namespace headcount {

Display point_table_display(const RecordSet& records) {
    std::set<std::string> has;
    for (const Column& column : point_table(records, {}).columns) has.insert(column.name);
    Display display{.name = "table points", .figure = false, .summary = "median"};
    if (has.contains("median ms")) display.quantities.emplace_back("time");
    if (has.contains("GFLOP/s")) display.quantities.emplace_back("rate");
    if (has.contains("ratio")) display.quantities.emplace_back("ratio");
    display.intervals = has.contains("95 % ms") && has.contains("95 % ratio");
    if (has.contains("note") && has.contains("median ms")) display.base = "the row that its note calls base";
    if (has.contains("of peak") && has.contains("time / bound")) {
        display.bound = "share of the measured peak, time over the least that the measured limits allow";
    }
    display.modes = has.contains("note");
    return display;
}

}  // namespace headcount
