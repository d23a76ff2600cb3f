// All published tables at a glance: a line each.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/published/table_result.hpp"
#include "harness/analysis/table/table.hpp"

namespace headcount {

/// A row a table: its name, its source, how many cells have each status, and whether each is as its file expects; the
/// last row has the totals. `brief` is for a terminal: the authors alone, and shorter headings.
Table published_overview(const std::vector<TableResult>& results, bool brief);

/// One sentence that all is as expected; else a line for each cell that is not, with its place and both numbers.
std::string unexpected_text(const std::vector<TableResult>& results);

}  // namespace headcount
