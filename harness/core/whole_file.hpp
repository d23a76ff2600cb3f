// The bytes of a file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace headcount {

/// Empty where nothing can be read: no file, a directory, or a device, which may have no end (/dev/zero).
std::optional<std::string> whole_file(const std::filesystem::path& path);

}  // namespace headcount
