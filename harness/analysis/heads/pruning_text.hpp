// A study of trained and pruned models, told and exported.
#pragma once

#include <filesystem>
#include <string>

#include "harness/analysis/heads/pruning_findings.hpp"

namespace headcount {

std::string pruning_text(const PruningFindings& findings);

/// run.json, pruning_masked.csv, pruning_curve.csv and pruning_verdicts.csv. Throws Error when they cannot be written.
void export_pruning(const PruningFindings& findings, const std::filesystem::path& directory,
                    std::string_view format = "csv");

}  // namespace headcount
