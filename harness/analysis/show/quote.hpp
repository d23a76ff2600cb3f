// A claim's verdict as a paper can quote it: one sentence, and the sources in BibTeX.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/records/record_set.hpp"
#include "harness/analysis/verdicts/verdict.hpp"

namespace headcount {

/// Ratio or count with interval, rounds, shape, machine, library, version and commit, and how the claim came out; of
/// what was measured the worst case. `id` names a claim of the run; `verdicts` are all of it, or those of this claim.
/// Throws UsageError naming the claims there are.
std::string quoted_sentence(const RecordSet& records, const std::vector<Verdict>& verdicts, const std::string& id);

/// The same for LaTeX: special characters escaped, quotation marks in pairs, and the keys cited ("headcount", the
/// source).
std::string quoted_in_latex(const std::string& sentence, const std::string& source);

/// An entry of a BibTeX file: "@misc{key, ...}", whole. Throws UsageError naming the keys there are.
std::string bibtex_entry(const std::filesystem::path& file, std::string_view key);

/// @software of this program as it made the run.
std::string bibtex_of_program(const RunRecord& run);

/// The key in configs/sources.bib of who claims it; readings R1 to R12 are of Vaswani et al. 2017. "": nobody is named.
std::string source_of(const ClaimSpec& claim);

}  // namespace headcount
