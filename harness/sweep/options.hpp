// --set and --filter of the command line, applied to grids and points.
#pragma once

#include <string>
#include <vector>

#include "harness/sweep/grid.hpp"

namespace headcount {

/// One --filter: points whose field has one of the values; field "part" means the part's name, "main" the unnamed one.
struct Filter {
    std::string field;
    std::vector<std::string> values;
};

/// Throws UsageError that starts with the option: "--set num_haeds=1: unknown field ...".
void apply_set(const std::vector<std::string>& set, const Vocabulary& vocabulary, std::vector<Grid>& grids,
               Protocol& protocol);
std::vector<Filter> parse_filters(const std::vector<std::string>& filter, const Vocabulary& vocabulary);
/// False where a filter names other parts only.
bool keeps_part(const std::vector<Filter>& filters, const std::string& part);
/// Removes the points, and the skipped ones, that disagree with a filter.
void apply_filters(const std::vector<Filter>& filters, Part& part);

}  // namespace headcount
