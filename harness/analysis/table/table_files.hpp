// Tables written as files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/analysis/table/table.hpp"

namespace headcount {

/// Throws Error when the folder cannot be made.
void make_folder(const std::filesystem::path& folder);
/// Throws Error when the file cannot be written.
void write_file(const std::filesystem::path& path, const std::string& text);

using NamedTables = std::vector<std::pair<std::string, Table>>;
/// Each as folder/NAME.FORMAT; `format` is one for programs: csv, tsv, json.
void write_tables(const std::filesystem::path& folder, const NamedTables& tables, std::string_view format);

}  // namespace headcount
