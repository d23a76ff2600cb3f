// Verdicts in full: for the terminal, or as a table for documents.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/table/table.hpp"
#include "harness/analysis/verdicts/verdict.hpp"

namespace headcount {

/// Claim, says, status, observed, interval, margin, base, n, reproduce; for a paper neither margin, n nor commands, and
/// texts broken over lines; for programs ratio, low, high and how many combinations went which way besides. With
/// `combinations` their rows follow their summary.
Table verdict_table(const std::vector<Verdict>& verdicts, bool combinations = false,
                    Audience audience = Audience::people);

/// For the terminal, 120 columns: for each claim its verdict, what was observed, what was tested, the base case
/// and the command that reproduces it; then how many came out how.
std::string verdict_text(const std::vector<Verdict>& verdicts, bool combinations = false);

}  // namespace headcount
