// What exports of studies of heads have in common: tables whose cells are text, written as files.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "harness/analysis/table/table.hpp"

namespace headcount {

/// Throws Error when the folder cannot be made.
void make_folder(const std::filesystem::path& folder);
/// Throws Error when the file cannot be written.
void write_file(const std::filesystem::path& path, const std::string& text);

Table table_of(std::initializer_list<const char*> names);

template <class... Cells>
std::vector<std::string> csv_row(const Cells&... cells) {
    return {fmt::format("{}", cells)...};
}

/// A number; nothing where it is not finite.
std::string finite_cell(double value);

}  // namespace headcount
