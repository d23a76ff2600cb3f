#include "harness/journal/study_lines.hpp"

#include <cstdint>
#include <exception>
#include <fstream>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/journal/line.hpp"

namespace headcount {

bool file_begins(const std::filesystem::path& path, std::string_view start) {
    std::ifstream file(path, std::ios::binary);
    std::string found(kByteOrderMark.size() + start.size(), '\0');
    file.read(found.data(), static_cast<std::streamsize>(found.size()));
    return std::string_view(found)
        .substr(found.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0)
        .starts_with(start);
}

std::vector<std::string> read_study_lines(const std::filesystem::path& path,
                                          const std::function<void(const Json&)>& first,
                                          const std::function<void(const Json&)>& rest) {
    std::ifstream file(path, std::ios::binary);
    std::string text;
    std::getline(file, text);
    if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
    try {
        first(parse_line(text));
    } catch (const UsageError&) {
        throw;
    } catch (const std::exception& error) {
        throw UsageError(fmt::format("{}:1: cannot be read ({})", path.string(), error.what()));
    }
    std::vector<std::string> warnings;
    for (std::int64_t number = 2; std::getline(file, text); ++number) {
        try {
            if (without_line_end(text).empty()) continue;  // an editor's
            rest(parse_line(text));
        } catch (const std::exception& error) {
            warnings.push_back(fmt::format("{}:{}: the line was left out: {}", path.string(), number, error.what()));
        }
    }
    return warnings;
}

void require_known_version(const std::filesystem::path& path, int version, int newest) {
    if (version <= newest) return;
    throw UsageError(fmt::format("{}:1: schema version {} is newer than this program; read it with a newer one",
                                 path.string(), version));
}

}  // namespace headcount
