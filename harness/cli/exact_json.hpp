// Exact numbers in JSON: whole ones as they are, others as the nearest double.
#pragma once

#include <nlohmann/json.hpp>

#include "harness/analysis/exact/rational.hpp"

namespace headcount {

/// Whole numbers beyond 64 bits become doubles, too.
nlohmann::ordered_json exact_json(const Rational& value);

}  // namespace headcount
