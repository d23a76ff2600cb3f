// Verdicts about heads, for a terminal: the same table for every study.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/heads/findings.hpp"

namespace headcount {

/// A table with a heading, a row a claim.
std::string verdicts_text(const std::vector<HeadVerdict>& verdicts);

}  // namespace headcount
