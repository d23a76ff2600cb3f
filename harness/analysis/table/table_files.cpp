#include "harness/analysis/table/table_files.hpp"

#include <fstream>
#include <system_error>

#include "harness/core/error.hpp"

namespace headcount {

void make_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw Error(folder.string() + ": cannot be created: " + error.message());
}

void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file) throw Error(path.string() + ": cannot be written; check the directory and free space");
}

void write_tables(const std::filesystem::path& folder, const NamedTables& tables, std::string_view format) {
    for (const auto& [name, table] : tables) {
        write_file(folder / (name + "." + std::string(format)), render(table, format));
    }
}

}  // namespace headcount
