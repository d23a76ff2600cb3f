// Google Benchmark's JSON, for its compare.py and every other tool that reads it.
#pragma once

#include <string>

#include "harness/analysis/records/record_set.hpp"

namespace headcount {

/// One "iteration" entry a sample, repetitions in the order of the rounds, then the aggregates mean, median,
/// stddev and cv of each point, as Google Benchmark 1.7 writes them. Times in the unit nanosecond.
std::string to_gbench_json(const RecordSet& records);

}  // namespace headcount
