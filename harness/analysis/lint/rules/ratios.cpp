// Rule 4: ratios are not summarised where the costs behind them can be.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "harness/analysis/lint/lint.hpp"
#include "harness/stats/interval.hpp"
#include "harness/stats/paired.hpp"

namespace headcount::rules {

namespace {

struct Agreement {
    std::size_t compared = 0;
    std::size_t open = 0;  ///< whose medians have no interval
    double furthest = 0;   ///< of the two estimates from each other, relatively
    std::vector<std::string> contradicts;
};

/// Ratios are summarised in logarithms (their geometric centre) because rounds pair them. That is harmless where the
/// costs, each summarised by its own median, say the same: then the two intervals of the ratio share values.
Agreement agreement(const LintInput& input, const std::vector<std::size_t>& entries) {
    Agreement result;
    for (const std::size_t i : entries) {
        const PairedRounds rounds = rounds_beside_base(input, i);
        if (rounds.value.empty()) continue;
        const Interval paired = PairedRatio(rounds.value, rounds.base).interval();
        const Interval value = median_interval(rounds.value), base = median_interval(rounds.base);
        ++result.compared;
        const double of_medians = value.estimate / base.estimate;
        result.furthest = std::max(result.furthest, std::abs(paired.estimate / of_medians - 1));
        if (!value.bounded() || !base.bounded()) {
            ++result.open;
        } else if (paired.low > value.high / base.low || paired.high < value.low / base.high) {
            result.contradicts.push_back(fmt::format("{} (paired {:.4g}, of the medians {:.4g})",
                                                     input.records.entries()[i].id, paired.estimate, of_medians));
        }
    }
    return result;
}

RuleFinding judge(const std::string& subject, const Agreement& found) {
    if (found.compared == 0) return not_applicable(subject, "no two points were timed in the same rounds");
    if (found.contradicts.empty()) {
        return satisfied(subject, fmt::format("ratios are centred in logarithms because rounds pair them; none of {} "
                                              "contradicts the ratio of the summarised times (furthest apart {:.1f} %; "
                                              "{} could not, the times having no interval)",
                                              found.compared, 100 * found.furthest, found.open));
    }
    return violated(subject,
                    fmt::format("{} of {} paired ratios contradict the ratio of the summarised times: {}",
                                found.contradicts.size(), found.compared, some_of(found.contradicts)),
                    "look at the samples of these points (headcount export) and cite their medians, not the ratio");
}

std::vector<RuleFinding> check(const LintInput& input) {
    std::vector<RuleFinding> findings{judge("result", agreement(input, input.timed))};
    for (const ClaimView& claim : input.claims) {
        if (!claim.exact()) findings.push_back(judge(claim.subject(), agreement(input, claim.entries)));
    }
    for (const Display& display : input.displays) {
        if (!display.shows("ratio") || input.timed.empty()) continue;
        findings.push_back(judge(display.name, agreement(input, input.timed)));
    }
    return findings;
}

}  // namespace

Rule ratios() {
    return {.number = 4,
            .says = "summarise the costs, not their ratios; the geometric mean only where nothing else is possible",
            .elsewhere = "no ratio is summarised over repetitions",
            .check = check};
}

}  // namespace headcount::rules
