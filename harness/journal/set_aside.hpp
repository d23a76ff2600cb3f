// Making room for a new result without losing the one that is there.
#pragma once

#include <filesystem>

namespace headcount {

/// Renames `path` to the first free one of PATH.old, PATH.old.2, PATH.old.3 ... and returns that; empty where there is
/// no such file. Throws Error when it cannot be renamed.
std::filesystem::path set_aside(const std::filesystem::path& path);

}  // namespace headcount
