// What exports of studies of heads have in common: tables whose cells are text.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "harness/analysis/table/table_files.hpp"

namespace headcount {

Table table_of(std::initializer_list<const char*> names);

template <class... Cells>
std::vector<std::string> csv_row(const Cells&... cells) {
    return {fmt::format("{}", cells)...};
}

/// A number; nothing where it is not finite.
std::string finite_cell(double value);

}  // namespace headcount
