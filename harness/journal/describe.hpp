// The fields of a journal's lines as tables for people: results/README.md shows them.
#pragma once

#include <string>
#include <vector>

namespace headcount {

/// The kinds of line, in the order in which results/README.md describes them.
std::vector<std::string> journal_kinds();

/// A Markdown table of the fields of a kind, nested ones as `check.bound` and `samples[].wall_s`. Throws Error for a
/// kind that is not among journal_kinds().
std::string field_table(const std::string& kind);

}  // namespace headcount
