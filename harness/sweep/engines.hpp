// Engines from their files: NAME.yaml with summary, source and command.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/core/engine.hpp"

namespace headcount {

/// Every *.yaml of the folders by name (of two, the one in the later folder); a folder that does not exist holds none.
/// Throws UsageError "file:line:column: what, and what to do".
std::vector<std::pair<std::string, Engine>> load_engines(const std::vector<std::filesystem::path>& folders);

/// One file.
Engine parse_engine(std::string_view text, const std::filesystem::path& file);

}  // namespace headcount
