// What files of studies have in common: a first line that tells their kind, and lines behind it that may be damaged.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/journal/json.hpp"

namespace headcount {

/// Whether a file begins so; false for what is not there.
bool file_begins(const std::filesystem::path& path, std::string_view start);

/// Hands the record of the first line to `first` and those behind it to `rest`, one by one. Lines that are damaged, and
/// those for which `rest` throws, are left out: returns a warning for each. Throws UsageError when the first is.
std::vector<std::string> read_study_lines(const std::filesystem::path& path,
                                          const std::function<void(const Json&)>& first,
                                          const std::function<void(const Json&)>& rest);

/// Throws UsageError for a newer version than this program writes.
void require_known_version(const std::filesystem::path& path, int version, int newest);

}  // namespace headcount
