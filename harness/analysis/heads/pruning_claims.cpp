#include "harness/analysis/heads/pruning_claims.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "harness/stats/decision.hpp"

namespace headcount {
namespace {

HeadVerdict masked(const PruningFindings& findings) {
    std::int64_t cheap = 0, dear = 0;
    for (const PruningStep& step : findings.places) {
        cheap += step.added.high < kRemovableError ? 1 : 0;
        dear += step.added.low > kRemovableError ? 1 : 0;
    }
    const std::int64_t all = std::ssize(findings.places);
    HeadVerdict verdict{
        .id = "R14.masked",
        .says = fmt::format("at least half of the heads can be masked, one at a time, at a cost below {} {}",
                            kRemovableError, findings.record.unit),
        .found = fmt::format("{} of {} places in the order of importance surely cost less, {} surely "
                             "more",
                             cheap, all, dear)};
    if (2 * cheap >= all) verdict.status = Status::supported;
    if (2 * dear > all) verdict.status = Status::refuted;
    return verdict;
}

HeadVerdict small(const PruningFindings& findings) {
    std::vector<Status> statuses;
    const PruningCurve* worst = &findings.curve.front();
    for (const PruningCurve& step : findings.curve) {
        statuses.push_back(equivalence(step.small_over_pruned, -std::numeric_limits<double>::infinity(), kAsWell));
        if (step.small_over_pruned.estimate > worst->small_over_pruned.estimate) worst = &step;
    }
    const Interval& ratio = worst->small_over_pruned;
    return {.id = "R14.small",
            .says = fmt::format("at every number of heads left, a model trained at that size errs at most {} times as "
                                "much as the pruned one",
                                kAsWell),
            .found = fmt::format("{} of {} numbers; the most {} with {} left",
                                 std::ranges::count(statuses, Status::supported), statuses.size(),
                                 ratio.bounded()
                                     ? fmt::format("{:.3g} [{:.3g}, {:.3g}]", ratio.estimate, ratio.low, ratio.high)
                                     : fmt::format("{:.3g} (too few seeds for an interval)", ratio.estimate),
                                 worst->left),
            .status = combine(statuses)};
}

}  // namespace

std::vector<HeadVerdict> judge_pruning(const PruningFindings& findings) {
    std::vector<HeadVerdict> verdicts;
    if (findings.seeds < findings.record.seeds) return verdicts;
    if (std::ssize(findings.places) == findings.record.layers * findings.record.num_heads) {
        verdicts.push_back(masked(findings));
    }
    if (!findings.curve.empty()) verdicts.push_back(small(findings));
    return verdicts;
}

}  // namespace headcount
