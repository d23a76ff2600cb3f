// What the table of points shows, described as figures describe themselves, so that lint can judge it.
#pragma once

#include "harness/analysis/lint/lint.hpp"

namespace headcount {

/// From the columns the table has for these records, so that a column taken away is a rule broken.
Display point_table_display(const RecordSet& records);

}  // namespace headcount
