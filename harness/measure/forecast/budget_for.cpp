#include "harness/measure/forecast/budget_for.hpp"

#include <algorithm>
#include <cmath>

#include "harness/stats/resolvable_margin.hpp"

namespace headcount {
namespace {

/// 236 -> 240, 1.31 -> 1.4.
double two_digits_up(double value) {
    const double unit = std::pow(10, std::floor(std::log10(value)) - 1);
    return std::ceil(value / unit - 1e-9) * unit;
}

}  // namespace

Protocol protocol_for_rounds(const Plan& plan, const Protocol& protocol, const std::vector<std::size_t>& groups,
                             int rounds, double scatter, double start_s) {
    Protocol enough = protocol;
    enough.max_rounds = std::max(protocol.max_rounds, rounds);
    const auto takes_them = [&] {
        const Forecast forecast = foresee(plan, enough, scatter, start_s);
        return std::ranges::all_of(groups, [&](std::size_t g) { return forecast.groups[g].rounds >= rounds; });
    };
    enough.budget_s = 0;
    if (!takes_them()) {  // the interval is narrow enough before
        const double width = 2 * expected_half_width(scatter, static_cast<std::size_t>(rounds));
        enough.target_rel_ci = std::floor(1000 * width) / 1000;
    }
    enough.budget_s = protocol.budget_s;
    constexpr int kMostSteps = 80;  // 50 million times
    for (int i = 0; i < kMostSteps && !takes_them(); ++i) enough.budget_s = two_digits_up(1.25 * enough.budget_s);
    return enough;
}

}  // namespace headcount
