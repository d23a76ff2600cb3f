// From a config file to a typed Sweep: strict, bounded, and every complaint says where.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/sweep.hpp"
#include "harness/sweep/grid.hpp"
#include "harness/sweep/preset.hpp"
#include "harness/sweep/vocabulary.hpp"

namespace headcount {

struct LoadOptions {
    std::string profile;  ///< "" or "quick": the config as it stands
    /// "num_heads=1,8": replaces the axis in every grid that has it, or in all grids the fixed field where none has;
    /// "core/num_heads=1,8" speaks of part `core` only; "protocol.budget_s=10" sets the protocol.
    std::vector<std::string> set;
    /// "backend=blas", "seq_len=128,512", "part=core": keeps the points that agree with all of them, and of a part that
    /// is left out no claim either. The unnamed part is "main".
    std::vector<std::string> filter;
    std::int64_t most_points = kMostPoints;
};

/// Throws UsageError "file:line:column: what, and what to do".
Sweep load_sweep(const std::filesystem::path& file, const Vocabulary& vocabulary, const LoadOptions& options = {});
/// The same from text; `file` only names it in messages.
Sweep parse_sweep(std::string_view text, const std::filesystem::path& file, const Vocabulary& vocabulary,
                  const LoadOptions& options = {});

/// Hash of everything that identifies points and claims: the same for another layout, other comments, another
/// protocol; another for any other point, seed, comparison or claim. 16 hexadecimal digits.
std::string hash_config(const Sweep& sweep);

/// JSON Schema (draft 2020-12) of a config, from the same tables that the decoder reads.
std::string json_schema(const Vocabulary& vocabulary);
/// Every key of a config with its meaning, and every field: tables of Markdown.
std::string key_tables(const Vocabulary& vocabulary);

}  // namespace headcount
