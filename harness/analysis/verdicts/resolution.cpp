// What a run could tell apart, and which claims ask for more.
#include "harness/analysis/verdicts/resolution.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/stats/resolvable_margin.hpp"

namespace headcount {
namespace {

std::string percent(double share) { return fmt::format("{:.2g} %", 100 * share); }

/// A journal may come from anywhere: times that are none are no comparison.
bool usable(const SelfComparison& comparison) {
    const auto is_time = [](double s) { return s > 0 && std::isfinite(s); };
    return comparison.points.size() == 2 && comparison.wall_s.size() == 2 && !comparison.wall_s[0].empty() &&
           comparison.wall_s[0].size() == comparison.wall_s[1].size() &&
           std::ranges::all_of(comparison.wall_s[0], is_time) && std::ranges::all_of(comparison.wall_s[1], is_time);
}

std::vector<const SelfComparison*> self_comparisons(const RunRecord& run) {
    std::vector<const SelfComparison*> all;
    if (usable(run.self_comparison)) all.push_back(&run.self_comparison);
    for (const SourceRecord& source : run.sources) {
        if (usable(source.self_comparison)) all.push_back(&source.self_comparison);
    }
    return all;
}

/// How far the ratio is from the nearest end of the range, relative to that end.
double distance_to_end(double ratio, const Range& range) {
    double distance = std::numeric_limits<double>::infinity();
    if (range.low > 0) distance = std::min(distance, std::abs(ratio / range.low - 1));
    if (std::isfinite(range.high)) distance = std::min(distance, std::abs(ratio / range.high - 1));
    return distance;
}

}  // namespace

PairedRatio ratio_of(const SelfComparison& comparison) {
    if (!usable(comparison)) throw Error("A/A comparison: needs two points with as many rounds each");
    return {comparison.wall_s[1], comparison.wall_s[0]};
}

Resolution resolution_of(const RunRecord& run) {
    Resolution resolution{.max_rounds = run.protocol.max_rounds};
    for (const SelfComparison* comparison : self_comparisons(run)) {
        const double margin = smallest_margin(ratio_of(*comparison).interval());
        if (std::isfinite(margin)) resolution.margin = std::max(resolution.margin, margin);
    }
    return resolution;
}

std::string below_resolution(const Test& test, const Resolution& resolution) {
    if (!test.is_ratio || test.rounds == 0 || !test.interval.bounded()) return {};
    const Range& range = test.range;
    if (range.low > 0 && std::isfinite(range.high)) {
        const double margin = std::min(1 - range.low, range.high - 1);
        // What max_rounds would leave of the interval; rounds that follow each other alike would leave more.
        const double share = std::min(1.0, static_cast<double>(test.rounds) / std::max(1, resolution.max_rounds));
        const double own = test.interval.width() / 2 * std::sqrt(share);
        const double by_aa = test.by_clock ? resolution.margin : 0;
        if (margin <= 0 || margin >= std::max(own, by_aa)) return {};
        return fmt::format("margin {} is below what this run could resolve ({}, by {}): inconclusive by construction",
                           percent(margin), percent(std::max(own, by_aa)),
                           by_aa >= own ? "its A/A comparison" : "the noise of these rounds");
    }
    if (!test.by_clock) return {};
    const double distance = distance_to_end(test.interval.estimate, range);
    if (distance >= resolution.margin) return {};
    return fmt::format("{} from the bound is below what this run could resolve ({}, by its A/A comparison)",
                       percent(distance), percent(resolution.margin));
}

bool refuted_below_resolution(const Test& test, const Resolution& resolution) {
    return test.is_ratio && test.by_clock && test.rounds > 0 &&
           distance_to_end(test.interval.estimate, test.range) < resolution.margin;
}

std::string resolution_text(const RunRecord& run) {
    std::string text;
    for (const SelfComparison* comparison : self_comparisons(run)) {
        const Interval ratio = ratio_of(*comparison).interval();
        text += fmt::format("A/A of this run: {} against itself: {:.4g} [{:.4g}, {:.4g}] after {} rounds; ",
                            comparison->points.front(), ratio.estimate, ratio.low, ratio.high,
                            comparison->wall_s.front().size());
        text += ratio.contains(1)
                    ? fmt::format("differences below {} are not resolved\n", percent(smallest_margin(ratio)))
                    : fmt::format("CALLED DIFFERENT though it is the same; differences below {} mean nothing\n",
                                  percent(smallest_margin(ratio)));
    }
    return text;
}

}  // namespace headcount
