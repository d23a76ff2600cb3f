// Rule 8: whether one middle value describes a sample at all, and when a percentile is needed.
#include <algorithm>

#include <fmt/format.h>

#include "harness/analysis/lint/lint.hpp"
#include "harness/stats/modes.hpp"

namespace headcount::rules {

namespace {

constexpr double kDisturbed = 0.5;  // share of rounds beyond which the machine, not the program, was measured

struct Shape {
    std::size_t timed = 0;
    std::vector<std::string> several_modes, heavy_tails;
    double worst = 1;
};

Shape shape_of(const LintInput& input, const std::vector<std::size_t>& entries) {
    Shape shape;
    for (const std::size_t i : entries) {
        const PointSummary& summary = input.summaries[i];
        if (summary.rounds == 0) continue;
        ++shape.timed;
        const double tail = summary.p95 / summary.time.estimate;
        shape.worst = std::max(shape.worst, tail);
        const std::string& id = input.records.entries()[i].id;
        if (summary.several_modes) shape.several_modes.push_back(id);
        if (tail > kHeavyTail) shape.heavy_tails.push_back(fmt::format("{} ({:.1f})", id, tail));
    }
    return shape;
}

std::string tail_text(const Shape& shape) {
    return fmt::format("no sample has several modes, and no 95th percentile is more than {:.2f} times its median",
                       shape.worst);
}

/// `told`: what shows percentiles of these samples, so that they are not summarised by one number; "" when nothing
/// does.
RuleFinding judge(const std::string& subject, const Shape& shape, const std::string& told,
                  const std::string& more = "") {
    std::string wrong;
    const auto add = [&](const std::vector<std::string>& ids, const std::string& what) {
        if (!ids.empty()) {
            wrong += fmt::format("{}{} of {} points {}: {}", wrong.empty() ? "" : "; ", ids.size(), shape.timed, what,
                                 some_of(ids));
        }
    };
    add(shape.several_modes, "have several modes, which one median does not describe");
    add(shape.heavy_tails, fmt::format("have a 95th percentile above {:.0f} times the median", kHeavyTail));
    if (more.empty() && wrong.empty()) return satisfied(subject, tail_text(shape));
    if (more.empty() && !told.empty()) return satisfied(subject, wrong + "; " + told);
    if (!more.empty()) wrong += (wrong.empty() ? "" : "; ") + more;
    return violated(subject, wrong,
                    "report p5 and p95 beside the median (columns p5_s and p95_s of `headcount export`), or measure "
                    "again on a quiet machine");
}

std::string disturbed(const Journal& journal) {
    const auto count = std::ranges::count_if(journal.rounds, &RoundRecord::disturbed);
    const double share =
        journal.rounds.empty() ? 0 : static_cast<double>(count) / static_cast<double>(journal.rounds.size());
    return share > kDisturbed ? fmt::format("{:.0f} % of the rounds were disturbed by others", 100 * share)
                              : std::string();
}

std::vector<RuleFinding> check(const LintInput& input) {
    if (input.timed.empty()) return {};
    const Shape all = shape_of(input, input.timed);
    const auto table = std::ranges::find_if(input.displays, [](const Display& d) { return !d.figure && d.modes; });
    const char* shown = "its table and export show them from the 5th to the 95th percentile";
    std::vector<RuleFinding> findings{
        judge("result", all, table == input.displays.end() ? "" : shown, disturbed(input.journal))};
    for (const ClaimView& claim : input.claims) {
        if (claim.exact()) continue;
        const bool tells = std::ranges::any_of(claim.verdicts, &Verdict::tells_spread);
        findings.push_back(judge(claim.subject(), shape_of(input, claim.entries),
                                 tells ? "the verdicts tell from where to where the ratios of their rounds go" : ""));
    }
    for (const Display& display : input.displays) {
        if (display.quantities == std::vector<std::string>{"count"}) continue;
        if (all.several_modes.empty() && all.heavy_tails.empty()) {
            findings.push_back(satisfied(display.name, "one middle value is enough: " + tail_text(all)));
        } else if (display.modes) {
            findings.push_back(satisfied(display.name,
                                         "shows samples with several modes or heavy tails from their 5th to "
                                         "their 95th percentile"));
        } else {
            findings.push_back(violated(display.name, "one middle value for samples with several modes or heavy tails",
                                        "show percentiles, or name these points beside it"));
        }
    }
    return findings;
}

}  // namespace

Rule central_tendency() {
    return {.number = 8,
            .says = "look whether a mean or median is useful, or another percentile is needed",
            .elsewhere = "exact values have no spread",
            .check = check};
}

}  // namespace headcount::rules
