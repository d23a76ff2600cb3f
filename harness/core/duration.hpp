// Durations as people write them: 30s, 10m, 2h.
#pragma once

#include <string_view>

namespace headcount {

/// Seconds: "90", "30s", "10m", "1.5h", "1d". Throws UsageError naming `what` when it is anything else, negative
/// or more than a year.
double parse_duration_s(std::string_view what, std::string_view text);

}  // namespace headcount
