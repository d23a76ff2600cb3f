// A variant explained: what it computes, its options, what it looks at, what it costs.
#pragma once

#include <string>

#include "harness/core/point.hpp"

namespace headcount {

/// Summary, source, equation, options, mask, heads and counts of the variant that `given` names. What it looks at is
/// drawn at 16 queries and keys, or at the lengths given up to 64, and with options of at most a quarter of the keys;
/// those that are given are kept. Throws UsageError: unknown variant, a field that it does not have.
std::string variant_as_text(const PointSpec& given);

}  // namespace headcount
