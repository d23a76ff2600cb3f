#include "harness/analysis/heads/csv_files.hpp"

#include <cmath>
#include <fstream>
#include <system_error>

#include "harness/core/error.hpp"

namespace headcount {

void make_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw Error(fmt::format("{}: cannot be made: {}", folder.string(), error.message()));
}

void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file) throw Error(fmt::format("{}: cannot be written; is there space?", path.string()));
}

Table table_of(std::initializer_list<const char*> names) {
    Table table;
    for (const char* name : names) table.columns.push_back({.name = name});
    return table;
}

std::string finite_cell(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

}  // namespace headcount
