// Rule 6: nothing is taken for normal unseen; what is assumed is looked at.
#include <fmt/format.h>

#include "harness/analysis/lint/lint.hpp"
#include "harness/stats/paired.hpp"
#include "harness/stats/shape.hpp"

namespace headcount::rules {

namespace {

constexpr double kLevel = 0.05;  // of what is called not normal

RuleFinding whole_result(const LintInput& input) {
    std::size_t tested = 0, rejected = 0;
    for (const std::size_t i : input.timed) {
        const std::vector<double> seconds = input.records.entries()[i].seconds();
        if (seconds.size() < kFewestForShape) continue;
        ++tested;
        if (normality_p_value(seconds) < kLevel) ++rejected;
    }
    if (input.timed.empty()) return not_applicable("result", "nothing was timed");
    return satisfied("result", fmt::format("intervals are of ranks and signed ranks, which take no distribution for "
                                           "granted; Anderson and Darling's test at 5 % calls the times of {} of {} "
                                           "points not normal",
                                           rejected, tested));
}

/// Signed ranks assume that log ratios scatter symmetrically. Where they do not, the interval holds the one of the
/// median as well, which assumes nothing; so each comparison only needs enough rounds for this to be seen.
RuleFinding judge(const LintInput& input, const ClaimView& claim) {
    std::size_t compared = 0;
    std::vector<std::string> skewed;
    for (const std::size_t i : claim.entries) {
        const PairedRounds rounds = rounds_beside_base(input, i);
        if (rounds.value.size() < kFewestForShape) continue;
        ++compared;
        if (PairedRatio(rounds.value, rounds.base).logs().skewed()) skewed.push_back(input.records.entries()[i].id);
    }
    if (compared == 0) {
        return violated(claim.subject(),
                        fmt::format("signed ranks assume symmetric log ratios, and fewer than {} paired rounds "
                                    "cannot show it",
                                    kFewestForShape),
                        "measure more rounds");
    }
    const std::string found =
        skewed.empty() ? "none is skewed"
                       : fmt::format(
                             "{} are skewed, and their intervals hold the interval of the median by signs as "
                             "well, which assumes no symmetry: {}",
                             skewed.size(), some_of(skewed));
    return satisfied(claim.subject(), fmt::format("signed ranks assume symmetric log ratios, no normality; of {} "
                                                  "comparisons {} (triples test at 10 %, from 13 rounds on)",
                                                  compared, found));
}

std::vector<RuleFinding> check(const LintInput& input) {
    std::vector<RuleFinding> findings{whole_result(input)};
    for (const ClaimView& claim : input.claims) {
        if (!claim.exact()) findings.push_back(judge(input, claim));
    }
    for (const Display& display : input.displays) {
        if (!display.intervals || input.timed.empty()) continue;
        findings.push_back(
            display.assumes.empty()
                ? satisfied(display.name, "its intervals are of ranks: no normality assumed")
                : violated(display.name, "assumes without a check: " + display.assumes,
                           "use `attribute` or a claim of kind `exponent`, whose intervals are of rounds"));
    }
    return findings;
}

}  // namespace

Rule normality() {
    return {.number = 6,
            .says = "do not assume normality without a diagnostic check",
            .elsewhere = "no interval is shown",
            .check = check};
}

}  // namespace headcount::rules
