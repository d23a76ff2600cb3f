// What lint found, for people and for programs.
#pragma once

#include <string>

#include "harness/analysis/lint/lint.hpp"

namespace headcount {

/// Rules by subjects, claims with the same cells in one row; then each rule with its reasons and remedies.
std::string lint_text(const Lint& lint);
/// {"satisfied", "counts", "rules": [{"rule", "name", "says", "findings": [{"subject", "status", "reason",
/// "remedy"}]}]}
std::string lint_json(const Lint& lint);

}  // namespace headcount
