// What a diff found, as a table and for programs.
#pragma once

#include <string>

#include "harness/analysis/compare/diff.hpp"
#include "harness/analysis/table/table.hpp"

namespace headcount {

/// For programs: seconds, and the ends of the interval apart.
Table diff_table(const Diff& diff, bool programs = false);
/// {"overall", "counts", "ratios", "differs", "points": [{"point", "verdict", "paired", "ratio", "p", ...}]}
std::string diff_json(const Diff& diff);

}  // namespace headcount
