// A study of heads in words: what is printed, and what plots read.
#pragma once

#include <filesystem>
#include <string>

#include "harness/analysis/heads/findings.hpp"
#include "harness/journal/head_study.hpp"

namespace headcount {

std::string heads_text(const HeadFindings& findings);

/// Writes run.json, heads_masked, heads_pruned, heads_attention, heads_alike, heads_verdicts and heads_effective, each
/// as csv, tsv or json, into `directory`, which is created. Throws Error when a file cannot be written.
void export_heads(const HeadStudy& study, const HeadFindings& findings, const std::filesystem::path& directory,
                  std::string_view format = "csv");

/// The same for a file; false, with nothing written, when that is no study.
bool export_if_heads(const std::filesystem::path& study, const std::filesystem::path& directory,
                     std::string_view format = "csv");

}  // namespace headcount
