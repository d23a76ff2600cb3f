// A number and a unit; nothing else is understood, so that a typing error is not a budget.
#include "harness/core/duration.hpp"

#include <charconv>
#include <string>

#include "harness/core/error.hpp"

namespace headcount {

double parse_duration_s(std::string_view what, std::string_view text) {
    double value = -1;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
    const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
    const double seconds = unit.empty() || unit == "s" ? 1
                           : unit == "m"               ? 60
                           : unit == "h"               ? 3600
                           : unit == "d"               ? 86400
                                                       : -1;
    constexpr double kYear_s = 366.0 * 86400;
    if (error != std::errc() || seconds < 0 || !(value >= 0) || value * seconds > kYear_s) {
        throw UsageError(std::string(what) + ": '" + std::string(text) +
                         "' is no duration; write a number with s, m, h or d, at most a year: 30s, 10m, 1.5h");
    }
    return value * seconds;
}

}  // namespace headcount
