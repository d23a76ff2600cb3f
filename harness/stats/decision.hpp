// From intervals and p-values to supported, refuted or inconclusive.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "harness/stats/interval.hpp"

namespace headcount {

enum class Status : std::uint8_t { supported, refuted, inconclusive };

constexpr std::string_view to_string(Status status) {
    switch (status) {
        case Status::supported: return "supported";
        case Status::refuted: return "refuted";
        case Status::inconclusive: return "inconclusive";
    }
    return "";
}

/// Equivalence by interval inclusion (Schuirmann 1987): supported when the whole interval lies in
/// [low, high], refuted when it lies wholly outside, otherwise inconclusive: not different is not equal.
Status equivalence(const Interval& interval, double low, double high);

/// Holm's step-down correction: adjusted p-values in the order given, each at most 1.
std::vector<double> holm(std::span<const double> p_values);

/// Supported only if all are, refuted if any is, otherwise inconclusive; inconclusive when there is none.
Status combine(std::span<const Status> statuses);

}  // namespace headcount
