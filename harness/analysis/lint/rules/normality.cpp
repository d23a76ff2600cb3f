// Rule 6: nothing is taken for normal unseen; what is assumed is looked at.
#include <cmath>

#include <fmt/format.h>

#include "harness/analysis/lint/lint.hpp"
#include "harness/stats/decision.hpp"
#include "harness/stats/shape.hpp"

namespace headcount::rules {

namespace {

constexpr double kLevel = 0.05;

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

struct Comparison {
    std::string id;
    double p = 1;
};

/// The paired interval assumes that log ratios scatter symmetrically.
std::vector<Comparison> symmetry(const LintInput& input, const std::vector<std::size_t>& entries) {
    std::vector<Comparison> all;
    for (const std::size_t i : entries) {
        const PairedRounds rounds = rounds_beside_base(input, i);
        if (rounds.value.size() < kFewestForShape) continue;
        std::vector<double> logs;
        for (std::size_t k = 0; k < rounds.value.size(); ++k) {
            logs.push_back(std::log(rounds.value[k] / rounds.base[k]));
        }
        all.push_back({.id = input.records.entries()[i].id, .p = symmetry_p_value(logs)});
    }
    std::vector<double> p_values;
    for (const Comparison& comparison : all) p_values.push_back(comparison.p);
    const std::vector<double> adjusted = holm(p_values);
    for (std::size_t k = 0; k < all.size(); ++k) all[k].p = adjusted[k];
    return all;
}

RuleFinding judge(const LintInput& input, const ClaimView& claim) {
    const std::vector<Comparison> all = symmetry(input, claim.entries);
    if (all.empty()) {
        return violated(claim.subject(),
                        fmt::format("the paired interval assumes symmetric log ratios, and fewer than {} paired rounds "
                                    "cannot show it",
                                    kFewestForShape),
                        "measure more rounds");
    }
    std::vector<std::string> skewed;
    for (const Comparison& comparison : all) {
        if (comparison.p < kLevel) skewed.push_back(fmt::format("{} (p = {:.2g})", comparison.id, comparison.p));
    }
    if (skewed.empty()) {
        return satisfied(claim.subject(),
                         fmt::format("the paired interval assumes symmetric log ratios, no normality; of {} "
                                     "comparisons none is skewed (triples test, Holm, 5 %)",
                                     all.size()));
    }
    return violated(
        claim.subject(),
        fmt::format("the paired interval assumes symmetric log ratios, and {} of {} comparisons are skewed: "
                    "{}",
                    skewed.size(), all.size(), some_of(skewed)),
        "look at these samples; compare the medians and their rank intervals (headcount table) as well");
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
