// Verdicts for a terminal: a few lines a claim, everything needed to doubt it included, and a count at the end.
#include "harness/analysis/show/verdict_text.hpp"

#include <map>

#include <fmt/format.h>

#include "harness/analysis/show/words.hpp"
#include "harness/core/printable.hpp"

namespace headcount {
namespace {

constexpr std::size_t kIndent = 4;

std::string verdict_word(const Verdict& v) {
    std::string word(to_string(v.status));
    if (!v.as_expected()) word += ", BUT " + v.expected + " was expected";
    return word;
}

std::string finding(const Verdict& v) {
    std::string text = v.observed.empty() ? v.reason : v.observed;
    if (const std::string interval = v.interval_text(); !interval.empty()) {
        text += v.exact ? ", exact" : (v.corrected ? ", corrected interval " : ", 95 % interval ") + interval;
    }
    return text;
}

std::string claim_lines(const Verdict& v) {
    constexpr std::size_t kBeforeSays = 33;
    std::string says = wrapped(v.says, kBeforeSays);
    std::string head = fmt::format("{:<18} {:<13} ", printable(v.claim), verdict_word(v));
    if (head.size() > kBeforeSays) {
        head += "\n" + says;
    } else {
        head += says.substr(kBeforeSays);
    }
    std::string text = std::move(head);
    text += wrapped("observed: " + finding(v), kIndent);
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
            text += (text.empty() ? "" : "\n") + claim_lines(v);
        } else if (combinations) {
            text += combination_lines(v);
        }
    }
    return text + "\n" + closing_line(verdicts);
}

}  // namespace headcount
