// Verdicts for a terminal: a few lines a claim, everything needed to doubt it included, and a count at the end.
#include "harness/analysis/show/verdict_text.hpp"

#include <map>

#include <fmt/format.h>

#include "harness/analysis/show/answer.hpp"
#include "harness/analysis/show/words.hpp"
#include "harness/core/printable.hpp"

namespace headcount {
namespace {

constexpr std::size_t kIndent = 4;

std::string unexpected(const Verdict& v) { return v.as_expected() ? "" : ", BUT " + v.expected + " was expected"; }

std::string verdict_word(const Verdict& v) { return std::string(to_string(v.status)) + unexpected(v); }

std::string finding(const Verdict& v) {
    std::string text = v.observed.empty() ? v.reason : v.observed;
    if (const std::string interval = v.interval_text(); !interval.empty()) {
        text += v.exact ? ", exact" : (v.corrected ? ", corrected interval " : ", 95 % interval ") + interval;
    }
    return text;
}

/// Of several combinations: how many went which way, and the furthest of them; of one, or exact ones that agree, a
/// word.
std::string outcome(const Verdict& v, const std::vector<Verdict>& all) {
    const bool agree = v.agreeing == v.combinations, several = v.worst && v.worst->cases > 1;
    if (!several && (v.combinations < 2 || agree)) return verdict_word(v);
    std::string text = tallied(all, v) + unexpected(v);
    if (!several) return text;
    const WorstCase& worst = *v.worst;
    text += fmt::format("; {} {:.4g} times the base at {}", worst.rank(), worst.ratio.estimate, worst.label);
    if (worst.ratio.bounded()) text += fmt::format(" [{:.4g}, {:.4g}]", worst.ratio.low, worst.ratio.high);
    const std::string where = worst.combination == "all" ? "" : fmt::format(" ({})", worst.combination);
    return text + fmt::format(", {}{}", worst.direction(v.metric), where);
}

std::string claim_lines(const Verdict& v, const std::vector<Verdict>& all) {
    constexpr std::size_t kBeforeOutcome = 19, kBeforeSays = 33;
    const std::string says = wrapped(v.says, kBeforeSays);
    const std::string came = outcome(v, all);
    std::string text = fmt::format("{:<18} ", printable(v.claim));
    if (text.size() == kBeforeOutcome && kBeforeOutcome + came.size() < kBeforeSays) {
        text += fmt::format("{:<13} ", came) + says.substr(kBeforeSays);
    } else {
        const std::string lines = wrapped(came, kBeforeOutcome);
        text += (text.size() > kBeforeOutcome ? "\n" + lines : lines.substr(kBeforeOutcome));
        text += wrapped("says: " + v.says, kIndent);
    }
    // Of several cases the first line has the worst; what stands here may be another.
    const bool told = v.worst && v.worst->cases > 1 && !v.corrected;
    if (!told) text += wrapped("observed: " + finding(v), kIndent);
    std::string base = v.base_value.empty() ? "" : "; base case " + v.base_value;
    if (!v.base.empty()) base += " at " + v.base;
    const std::string breadth =
        v.combinations > 1 ? fmt::format("; so in {} of {} combinations", v.agreeing, v.combinations) : "";
    text += wrapped("tested: " + v.metric + " " + v.limit + base + breadth, kIndent);
    if (!v.reason.empty() && !v.observed.empty()) text += wrapped(v.reason, kIndent);
    // On one line however long: a command that is broken is another one.
    return text + fmt::format("{:{}}reproduce: {}\n", "", kIndent, printable(v.command));
}

std::string combination_lines(const Verdict& v) {
    const std::string base = v.base_value.empty() ? "" : "; base case " + v.base_value;
    const std::string reason = v.reason.empty() || v.observed.empty() ? "" : "; " + v.reason;
    return wrapped(fmt::format("{}: {}: {}{}{}", v.combination, verdict_word(v), finding(v), base, reason),
                   2 * kIndent);
}

std::string closing_line(const std::vector<Verdict>& verdicts) {
    std::map<std::string_view, int> counts;
    int claims = 0, unexpected = 0, open = 0;
    for (const Verdict& v : verdicts) {
        if (!v.summary) continue;
        ++claims;
        ++counts[to_string(v.status)];
        unexpected += v.as_expected() ? 0 : 1;
        open += v.exact && v.open() ? 1 : 0;
    }
    return fmt::format(
        "{} claims: {} supported, {} refuted, {} inconclusive; {}.\n"
        "Intervals are 95 %; refutations of measured claims are corrected for all comparisons of a claim (Holm).\n"
        "One verdict for each combination: --combinations.\n",
        claims, counts["supported"], counts["refuted"], counts["inconclusive"],
        unexpected > 0 ? fmt::format("{} NOT as declared", unexpected)
        : open > 0     ? fmt::format("{} exact ones open until the run is finished", open)
                       : "every exact one as declared");
}

}  // namespace

std::string verdict_text(const std::vector<Verdict>& verdicts, bool combinations) {
    std::string text;
    for (const Verdict& v : verdicts) {
        if (v.summary) {
            text += (text.empty() ? "" : "\n") + claim_lines(v, verdicts);
        } else if (combinations) {
            text += combination_lines(v);
        }
    }
    return text + "\n" + closing_line(verdicts);
}

}  // namespace headcount
