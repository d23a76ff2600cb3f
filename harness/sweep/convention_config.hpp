// Reads a counting convention from its YAML file.
#pragma once

#include <filesystem>

#include "harness/core/convention.hpp"

namespace headcount {

/// Decodes strictly: an unknown key, a missing one, a wrong type, a formula that is missing without a reason, each
/// throws UsageError "file:line:column: what, and what to do". Expressions are checked when they are evaluated.
Convention load_convention(const std::filesystem::path& path);

}  // namespace headcount
