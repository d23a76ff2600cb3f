// A machine's measured limits as a table: one row a limit, one column a number of threads.
#pragma once

#include <map>
#include <string>

#include "harness/analysis/table/table.hpp"

namespace headcount {

/// `limits` as in a run record: "NAME.threads=N" or "NAME". Nothing here knows which limits there are; the unit comes
/// from the name's ending (_gflops, _gops, _gbps, _bytes), and what has another ending stands without one.
Table limits_table(const std::map<std::string, double>& limits);

}  // namespace headcount
