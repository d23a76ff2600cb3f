#include "harness/analysis/show/answer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "harness/analysis/show/words.hpp"
#include "harness/analysis/verdicts/resolution.hpp"
#include "harness/core/printable.hpp"
#include "harness/core/shell_words.hpp"

namespace headcount {
namespace {

constexpr std::size_t kQuestionLines = 2;
constexpr std::size_t kSentenceLines = 7;
constexpr std::size_t kClosingLines = 3;

std::size_t lines_in(const std::string& text) { return static_cast<std::size_t>(std::ranges::count(text, '\n')); }

/// The first `most` lines; dots end the last where more is left out.
std::string first_lines(const std::string& text, std::size_t most) {
    if (lines_in(text) <= most) return text;
    std::size_t end = 0;
    for (std::size_t i = 0; i < most; ++i) end = text.find('\n', end) + 1;
    std::string kept = text.substr(0, end - 1);
    constexpr std::string_view kMore = " ...";
    if (const std::size_t start = kept.rfind('\n') + 1; kept.size() - start + kMore.size() > kLineWidth) {
        kept.resize(kept.rfind(' '));
    }
    return kept.append(kMore) + "\n";
}

std::string closing(const RecordSet& records, const std::vector<Verdict>& verdicts, const std::string& result) {
    int claims = 0, supported = 0, refuted = 0, unexpected = 0;
    for (const Verdict& v : verdicts) {
        if (!v.summary) continue;
        ++claims;
        supported += v.status == Status::supported ? 1 : 0;
        refuted += v.status == Status::refuted ? 1 : 0;
        unexpected += v.exact && !v.as_expected() ? 1 : 0;
    }
    std::string text = fmt::format("{} claims: {} supported, {} refuted, {} inconclusive", claims, supported, refuted,
                                   claims - supported - refuted);
    if (unexpected > 0) text += fmt::format("; {} NOT as declared (!)", unexpected);
    if (const double margin = resolution_of(records.run()).margin; margin > 0) {
        text += fmt::format(". This run cannot tell times apart that differ by less than {:.2g} %", 100 * margin);
    }
    text += ".\n";
    text += fmt::format("Each claim in full: headcount verify {} --explain   (one: --claim ID)\n", shell_word(result));
    const bool time = std::ranges::any_of(verdicts, [](const Verdict& v) { return v.metric == "time"; });
    if (time) text += fmt::format("Where the time of more heads goes: headcount attribute {}\n", shell_word(result));
    return text;
}

}  // namespace

std::string answer_text(const RecordSet& records, const std::vector<Verdict>& verdicts, const std::string& result) {
    const std::string& asked = records.run().question;
    std::string text =
        first_lines(wrapped("Question: " + (asked.empty() ? records.run().name : asked), 0), kQuestionLines);
    std::string sentences;
    for (const std::string& sentence : answer_sentences(verdicts)) sentences += " " + sentence;
    text += first_lines(wrapped("Answer:" + sentences, 0), kSentenceLines) + "\n";
    const std::size_t room = kAnswerLines - kClosingLines - 1 - lines_in(text);
    const std::vector<std::string> lines = reading_lines(verdicts, room);
    for (const std::string& line : lines) text += line + "\n";
    return text + (lines.empty() ? "" : "\n") + closing(records, verdicts, result);
}

}  // namespace headcount
