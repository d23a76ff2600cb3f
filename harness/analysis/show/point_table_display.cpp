#include "harness/analysis/show/point_table_display.hpp"

#include <set>
#include <string>

#include "harness/analysis/show/point_table.hpp"

namespace headcount {

Display point_table_display(const RecordSet& records) {
    std::set<std::string> has;
    for (const std::string& key : columns_for_people(records)) has.insert(key);
    Display display{.name = "table points", .figure = false, .summary = "median"};
    if (has.contains("time")) display.quantities.emplace_back("time");
    if (has.contains("rate")) display.quantities.emplace_back("rate");
    if (has.contains("ratio")) display.quantities.emplace_back("ratio");
    display.intervals = has.contains("interval") && has.contains("ratio_interval");
    if (has.contains("note") && has.contains("time")) display.base = "the row that its note calls base";
    if (has.contains("peak") && has.contains("bound")) {
        display.bound = "share of the measured peak, time over the least that the measured limits allow";
    }
    display.modes = has.contains("note");
    return display;
}

}  // namespace headcount
