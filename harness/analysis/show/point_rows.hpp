// Which points a table shows, in which order, and what its ratios are to.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/analysis/show/point_columns.hpp"

namespace headcount {

/// "num_heads=1,8" -> {"num_heads", {"1", "8"}}, canonical; a field that is named again adds to its values. Throws
/// UsageError for an unknown field, a value it cannot have, or text without '='.
std::map<std::string, std::vector<std::string>> fields_and_values(const std::vector<std::string>& texts,
                                                                  const FieldTable& fields);

/// The same with one value each.
std::map<std::string, std::string> fields_and_value(const std::vector<std::string>& texts, const FieldTable& fields);

/// Does the point have one of the values of each field? One without a value of its own has none.
bool is_one_of(const Entry& entry, const std::map<std::string, std::vector<std::string>>& where);

/// Sorts by "time" or "time:desc", the first key first: numbers as numbers, blanks last; rows that agree keep their
/// order. Throws UsageError for an unknown key.
void sort_rows(std::vector<PointRow>& rows, const std::vector<std::string>& keys, const RecordSet& records);

}  // namespace headcount
