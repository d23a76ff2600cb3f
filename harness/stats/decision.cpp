// From intervals and p-values to supported, refuted or inconclusive.
#include "harness/stats/decision.hpp"

#include <algorithm>
#include <numeric>

namespace headcount {

Status equivalence(const Interval& interval, double low, double high) {
    if (low <= interval.low && interval.high <= high) return Status::supported;
    if (interval.high < low || high < interval.low) return Status::refuted;
    return Status::inconclusive;
}

std::vector<double> holm(std::span<const double> p_values) {
    std::vector<std::size_t> order(p_values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return p_values[i]; });
    std::vector<double> adjusted(p_values.size());
    double largest = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        largest = std::max(largest, static_cast<double>(order.size() - i) * p_values[order[i]]);
        adjusted[order[i]] = std::min(1.0, largest);
    }
    return adjusted;
}

Status combine(std::span<const Status> statuses) {
    if (statuses.empty()) return Status::inconclusive;
    if (std::ranges::find(statuses, Status::refuted) != statuses.end()) return Status::refuted;
    const bool all = std::ranges::all_of(statuses, [](Status s) { return s == Status::supported; });
    return all ? Status::supported : Status::inconclusive;
}

}  // namespace headcount
