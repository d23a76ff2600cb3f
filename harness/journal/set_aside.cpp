#include "harness/journal/set_aside.hpp"

#include <system_error>

#include <fmt/format.h>

#include "harness/core/error.hpp"

namespace headcount {

std::filesystem::path set_aside(const std::filesystem::path& path) {
    std::error_code error;
    if (!std::filesystem::exists(std::filesystem::symlink_status(path, error))) return {};
    std::filesystem::path aside = path;
    aside += ".old";
    for (int number = 2; std::filesystem::exists(std::filesystem::symlink_status(aside, error)); ++number) {
        aside = path;
        aside += fmt::format(".old.{}", number);
    }
    std::filesystem::rename(path, aside, error);
    if (error) {
        throw Error(fmt::format("{}: cannot be set aside as {}: {}; choose another --output", path.string(),
                                aside.string(), error.message()));
    }
    return aside;
}

}  // namespace headcount
