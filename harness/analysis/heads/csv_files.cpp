#include "harness/analysis/heads/csv_files.hpp"

#include <cmath>

namespace headcount {

Table table_of(std::initializer_list<const char*> names) {
    Table table;
    for (const char* name : names) table.columns.push_back({.name = name});
    return table;
}

std::string finite_cell(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

}  // namespace headcount
