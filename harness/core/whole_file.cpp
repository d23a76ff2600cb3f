#include "harness/core/whole_file.hpp"

#include <fstream>
#include <iterator>
#include <system_error>

namespace headcount {

std::optional<std::string> whole_file(const std::filesystem::path& path) {
    using std::filesystem::file_type;
    std::error_code error;
    const file_type type = std::filesystem::status(path, error).type();
    if (type == file_type::directory || type == file_type::character || type == file_type::block) return std::nullopt;
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace headcount
