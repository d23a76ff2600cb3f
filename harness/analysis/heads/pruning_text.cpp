#include "harness/analysis/heads/pruning_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "harness/analysis/heads/verdicts_text.hpp"
#include "harness/analysis/table/table.hpp"
#include "harness/stats/decision.hpp"

namespace headcount {
namespace {

constexpr double kAlpha = 0.05, kMilli = 1e3;

/// Without ends where there were too few seeds or rounds for an interval.
std::string told(const Interval& x, double factor = 1) {
    if (!x.bounded()) return fmt::format("{:.3g}", factor * x.estimate);
    return fmt::format("{:.3g} [{:.3g}, {:.3g}]", factor * x.estimate, factor * x.low, factor * x.high);
}
std::string told_ms(const std::optional<Interval>& seconds) { return seconds ? told(*seconds, kMilli) : ""; }

Table right_aligned(std::initializer_list<const char*> names) {
    Table table;
    for (const char* name : names) table.columns.push_back({.name = name, .align = Align::right});
    return table;
}

std::string places_text(const PruningFindings& findings) {
    Table table = right_aligned({"place", "error added", "missed in", "better away in", "ms saved"});
    std::int64_t missed = 0, helpful = 0;
    for (std::size_t i = 0; i < findings.places.size(); ++i) {
        std::int64_t missed_here = 0, helpful_here = 0;
        for (const MaskedHead& head : findings.masked) {
            if (head.place != static_cast<std::int64_t>(i) || head.adjusted_p >= kAlpha) continue;
            ++(head.added.estimate > 0 ? missed_here : helpful_here);
        }
        missed += missed_here;
        helpful += helpful_here;
        table.rows.push_back({fmt::format("{}", i), told(findings.places[i].added), fmt::format("{}", missed_here),
                              fmt::format("{}", helpful_here), told_ms(findings.places[i].saved)});
    }
    return fmt::format(
        "\nWithout one head, by its place in the order of importance (0: the least important of its seed's model)\n{}"
        "{} of {} heads are missed, {} are better away (within a seed over test examples; Holm's correction over all)\n"
        "rank correlation of importance with the error added: {}\n",
        to_terminal(table), missed, findings.masked.size(), helpful, told(findings.rank_correlation));
}

std::string only_text(const PruningFindings& findings) {
    Table table = right_aligned({"layer", "error added", "ms saved"});
    for (std::size_t layer = 0; layer < findings.only.size(); ++layer) {
        table.rows.push_back(
            {fmt::format("{}", layer), told(findings.only[layer].added), told_ms(findings.only[layer].saved)});
    }
    return "\nOne head kept in one layer, its most important\n" + to_terminal(table);
}

/// The fewest heads left whose loss may be none, before it leaves zero for the first time; -1 where it does at once.
std::int64_t fewest_harmless(const PruningFindings& findings) {
    std::int64_t fewest = -1;
    for (const PruningCurve& step : findings.curve) {
        if (!(step.pruned.added.low <= 0)) break;
        fewest = step.left;
    }
    return fewest;
}

std::string curve_text(const PruningFindings& findings) {
    Table table = right_aligned(
        {"left", "pruned by importance", "at random", "trained small", "small over pruned", "ms a pass", "ms saved"});
    for (const PruningCurve& step : findings.curve) {
        table.rows.push_back({fmt::format("{}", step.left), told(step.pruned.error), told(step.random.error),
                              told(step.small.error), told(step.small_over_pruned), told_ms(step.pruned.pass),
                              told_ms(step.pruned.saved)});
    }
    const std::int64_t all = findings.record.layers * findings.record.num_heads, fewest = fewest_harmless(findings);
    const bool bounded = !findings.curve.empty() && findings.curve.front().pruned.added.bounded();
    return fmt::format("\nHeads cut out, and models trained at the size that is left: {} on test examples\n{}{}",
                       findings.record.unit, to_terminal(table),
                       bounded && fewest >= 0
                           ? fmt::format("by importance {} of {} heads can go before a loss shows\n", all - fewest, all)
                           : "");
}

}  // namespace

std::string pruning_text(const PruningFindings& findings) {
    const PruningStudyRecord& r = findings.record;
    std::string text = fmt::format("{}\n{} layers, {} heads of {} columns; {} of {} seeds, {} test examples each\n",
                                   r.point, r.layers, r.num_heads, r.head_dim, findings.seeds, r.seeds, r.examples);
    if (findings.seeds == 0) return text;
    text += fmt::format("with all heads: {} {}", r.unit, told(findings.whole));
    if (findings.pass) text += fmt::format(", {} ms a pass over {} examples", told(*findings.pass, kMilli), r.batch);
    text += '\n';
    if (!findings.places.empty()) text += places_text(findings);
    if (!findings.only.empty()) text += only_text(findings);
    if (!findings.curve.empty()) text += curve_text(findings);
    if (!findings.verdicts.empty()) text += verdicts_text(findings.verdicts);
    return text;
}

}  // namespace headcount
