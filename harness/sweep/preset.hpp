// Named problems from the literature: configs/presets/*.yaml.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/problem.hpp"

namespace headcount {

/// One Transformer block of a published model, and where its numbers stand.
struct Preset {
    std::string name;     ///< the file's name without extension
    std::string source;   ///< paper, section or table; configuration file
    ProblemSpec problem;  ///< what the source fixes; a length only where the source has one
    std::int64_t ffn_dim = 0;
    std::string activation;  ///< "relu", "gelu"
    int num_layers = 0;
    std::string broken{};  ///< why its file cannot be used; empty: it can
};

/// Every preset of a folder, by name; one whose file has a mistake is there as broken. Throws UsageError when there is
/// no such folder.
std::vector<Preset> load_presets(const std::filesystem::path& directory);
/// Throws UsageError "file:line:column: ...".
Preset parse_preset(std::string_view text, const std::string& file);

}  // namespace headcount
