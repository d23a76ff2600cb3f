// The answer of a run on one screen: the question, a few sentences made from the verdicts, one line a reading.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "harness/analysis/records/record_set.hpp"
#include "harness/analysis/verdicts/verdict.hpp"

namespace headcount {

/// At most this many lines of 120 columns.
inline constexpr std::size_t kAnswerLines = 24;

/// `verdicts` as verify() gives them, combinations included; `result` is named in the commands for the rest.
std::string answer_text(const RecordSet& records, const std::vector<Verdict>& verdicts, const std::string& result);

// Its pieces:

/// What is wrong first, then what the exact claims say of their axes, then what was measured. Each is one sentence.
std::vector<std::string> answer_sentences(const std::vector<Verdict>& verdicts);

/// One line a reading (R4, R4.law and R4.work are one; a measured claim has its own), at most `room` of them: where
/// there are more, those that came out alike share a line.
std::vector<std::string> reading_lines(const std::vector<Verdict>& verdicts, std::size_t room);

/// How the combinations of a claim came out: "in all 14 combinations", or where they differ
/// "refuted in 3 (2 slower, 1 faster), inconclusive in 1 of 4 combinations"; "" for a single one.
std::string tally(const std::vector<Verdict>& verdicts, const Verdict& summary);
/// With the verdict where the tally has none: "refuted", "refuted in all 14 combinations", "refuted in 3, ...".
std::string tallied(const std::vector<Verdict>& verdicts, const Verdict& summary);

}  // namespace headcount
