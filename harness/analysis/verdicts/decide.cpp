// All combinations of a claim decided together: Holm's correction, and which test speaks for a combination.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "harness/analysis/verdicts/judgement.hpp"

namespace headcount {

namespace {

/// The test that decided: the strongest against, else the one furthest from the base.
std::size_t telling(const std::vector<Test>& tests, const std::vector<double>& adjusted, Status status) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < tests.size(); ++i) {
        const auto strength = [&](std::size_t k) {
            if (status == Status::refuted) return -adjusted[k];
            if (status == Status::inconclusive && tests[k].supports) return -1.0;
            return std::abs(tests[k].interval.estimate - 1);
        };
        // Of equally strong refutations the larger effect is shown.
        const bool further = std::abs(tests[i].interval.estimate - 1) > std::abs(tests[best].interval.estimate - 1);
        if (strength(i) > strength(best) || (strength(i) == strength(best) && further)) best = i;
    }
    return best;
}

/// Outside the margin alone, but not so clearly that it could not be chance among all comparisons of the claim: the
/// interval that is shown is then the one that the correction asks for.
void show_correction(Verdict& verdict, const Test& test, double adjusted, double level, std::size_t tests) {
    if (verdict.status != Status::inconclusive || test.p_refuted > level || !test.at_confidence) return;
    const double factor = adjusted / test.p_refuted;  // what Holm multiplied by
    const Interval alone = verdict.interval;
    verdict.interval = test.at_confidence(1 - level / factor);
    verdict.corrected = true;
    add_reason(verdict,
               fmt::format("outside the margin alone (95 % interval [{:.4g}, {:.4g}], p = {:.2g}), not after "
                           "Holm's correction for {} comparisons (p = {:.2g}): the interval shown is corrected",
                           alone.low, alone.high, test.p_refuted, tests, adjusted));
}

}  // namespace

void decide(std::vector<Judged>& all, const Resolution& resolution) {
    constexpr double kLevel = 0.05;
    std::vector<double> p_values;
    for (const Judged& judged : all) {
        for (const Test& test : judged.tests) p_values.push_back(test.p_refuted);
    }
    const std::vector<double> corrected = holm(p_values);
    std::size_t next = 0;
    for (Judged& judged : all) {
        const std::size_t count = judged.tests.size();
        if (count == 0) continue;
        const auto first = corrected.begin() + static_cast<std::ptrdiff_t>(next);
        const std::vector<double> adjusted(first, first + static_cast<std::ptrdiff_t>(count));
        next += count;
        Verdict& verdict = judged.verdict;
        if (std::ranges::any_of(adjusted, [](double p) { return p <= kLevel; })) {
            verdict.status = Status::refuted;
        } else if (!judged.failed && std::ranges::all_of(judged.tests, &Test::supports)) {
            verdict.status = Status::supported;
        } else {
            verdict.status = Status::inconclusive;
        }
        // It can only take support away: what a run tells of two equal things says nothing for a claim.
        const auto unresolved = std::ranges::find_if(
            judged.tests, [&](const Test& test) { return !below_resolution(test, resolution).empty(); });
        if (unresolved != judged.tests.end() && verdict.status != Status::refuted) {
            verdict.status = Status::inconclusive;
            add_reason(verdict, below_resolution(*unresolved, resolution));
        }
        const std::size_t shown = telling(judged.tests, adjusted, verdict.status);
        const Test& test = judged.tests[shown];
        if (verdict.status == Status::refuted && refuted_below_resolution(test, resolution)) {
            add_reason(verdict, "refuted by less than the run's A/A comparison resolves: look at it with more rounds");
        }
        verdict.interval = test.interval;
        for (const Test& each : judged.tests) {
            if (each.rounds > 0) verdict.measured.push_back({.label = each.label, .ratio = each.interval});
        }
        verdict.observed =
            test.rounds == 0
                ? ""
                : fmt::format("{:.4g} {} ({} rounds)", test.interval.estimate,
                              test.label.starts_with("over") ? test.label : "at " + test.label, test.rounds);
        show_correction(verdict, test, adjusted[shown], kLevel, p_values.size());
        if (std::ranges::any_of(judged.tests, &Test::autocorrelated)) {
            add_reason(verdict, "autocorrelated rounds: interval widened");
        }
        for (const Test& each : judged.tests) {
            if (each.spread.empty()) continue;
            verdict.tells_spread = true;
            add_reason(verdict, fmt::format("times with several modes or a heavy tail at {}: nine rounds of ten had a "
                                            "ratio from {}",
                                            each.label, each.spread));
        }
        if (test.rounds > 0 && !test.interval.bounded()) add_reason(verdict, "too few rounds for an interval");
    }
}

}  // namespace headcount
