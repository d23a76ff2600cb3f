#include "harness/cli/plan_cuts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "harness/analysis/metrics/metric.hpp"
#include "harness/measure/campaign/rounds.hpp"
#include "harness/measure/forecast/foresee.hpp"

namespace headcount {
namespace {

/// "10", "10 to 20".
std::string range_of(const Forecast& forecast, const std::vector<std::size_t>& groups) {
    const auto rounds = [&](std::size_t g) { return forecast.groups[g].rounds; };
    const auto [fewest, most] = std::ranges::minmax(groups, {}, rounds);
    if (rounds(fewest) == rounds(most)) return fmt::format("{}", rounds(fewest));
    return fmt::format("{} to {}", rounds(fewest), rounds(most));
}

/// "main: variant=multi_head", "main: variant=multi_head and 3 more".
std::string names_of(const Plan& plan, const std::vector<std::size_t>& groups) {
    const std::string& first = plan.groups[groups.front()].id;
    return groups.size() == 1 ? first : fmt::format("{} and {} more", first, groups.size() - 1);
}

}  // namespace

std::string roughly(double seconds) {
    if (!(seconds > 0)) return quantity(seconds, "s");
    const double unit = std::pow(10, std::floor(std::log10(seconds)) - 1);
    return quantity(std::round(seconds / unit) * unit, "s");
}

std::vector<std::string> time_lines(const Plan& plan, const Protocol& protocol, double start_s) {
    const std::string budget = protocol.budget_s > 0 ? "budget " + quantity(protocol.budget_s, "s") : "no budget";
    if (plan.groups.empty()) return {"time: nothing is timed, " + budget};
    const auto foreseen = [&](double scatter) { return foresee(plan, protocol, scatter, start_s); };
    const Forecast usual = foreseen(kUsualScatter);
    const double least_s = foreseen(0).seconds, most_s = foreseen(std::numeric_limits<double>::infinity()).seconds;
    std::string time = "time: about " + roughly(usual.seconds);
    const std::string least = roughly(std::min(least_s, usual.seconds));
    const std::string most = roughly(std::max(most_s, usual.seconds));
    if (least != most) time += fmt::format(" ({} to {}, by how noisy it is)", least, most);
    std::vector<std::string> lines{time + ", " + budget};

    const int first = looks(protocol).front();
    std::vector<std::size_t> early, cut;
    for (std::size_t g = 0; g < usual.groups.size(); ++g) {
        if (usual.groups[g].ends != Ends::budget) continue;
        (usual.groups[g].rounds < first ? early : cut).push_back(g);
    }
    if (!early.empty()) {
        lines.push_back(fmt::format("cut: {} of {} groups end before the {} rounds of a first look, after {}: {}",
                                    early.size(), plan.groups.size(), first, range_of(usual, early),
                                    names_of(plan, early)));
    }
    if (!cut.empty()) {
        lines.push_back(fmt::format(
            "cut: {} of {} groups end after {} rounds of at most {}, where a ratio scatters by {:.0f} %: {}",
            cut.size(), plan.groups.size(), range_of(usual, cut), protocol.max_rounds, 100 * kUsualScatter,
            names_of(plan, cut)));
    }
    constexpr double kClearly = 1.2;
    if (protocol.budget_s > 0 && usual.seconds > kClearly * protocol.budget_s) {
        lines.push_back(fmt::format("over: first looks, checks and memory passes take about {} more than the budget",
                                    roughly(usual.seconds - protocol.budget_s)));
    }
    return lines;
}

}  // namespace headcount
