// One implementation beside all others of a result: a row a shape, theirs over ours paired by round.
#pragma once

#include <string>

#include "harness/analysis/records/record_set.hpp"
#include "harness/analysis/table/table.hpp"

namespace headcount {

struct BesideOptions {
    std::string variant = "streaming", backend = "simd";  ///< the one that the others stand beside
    bool one_row_each = false;                            ///< for programs: a row a shape and engine, a number a column
};

/// One row a shape (all fields but variant and backend): ours in ms with its 95 % interval and its share of the
/// measured multiply-add peak (or of memory's read bandwidth, where that limits), then for each other its median in ms
/// and the ratio theirs / ours with its 95 % interval, paired by round; where both were timed in the same rounds, else
/// without. What was not timed says why in a word. Throws UsageError when the result has no such point.
Table beside_table(const RecordSet& records, const BesideOptions& options = {});

/// "onnxruntime_mha: skipped: engine ... is missing ..." a line: why cells have no time; "" when all have.
std::string absent_text(const RecordSet& records);

}  // namespace headcount
