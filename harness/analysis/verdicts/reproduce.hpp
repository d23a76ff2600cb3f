// The commands that reproduce a verdict, quoted for a shell.
#pragma once

#include <string>

#include "harness/analysis/claims/claim_scope.hpp"

namespace headcount {

/// Judges the claim again, with every combination.
std::string verify_command(const std::string& result_path, const ClaimSpec& spec);

/// Measures the combination that `entry` belongs to again, and nothing else: its part, its point of the part's other
/// axes, and what of the claim's own fields its `where` speaks of.
std::string run_command(const RunRecord& run, const ClaimScope& claim, const Entry& entry);

}  // namespace headcount
