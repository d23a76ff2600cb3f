// Claims of a config: decoding and checking against the grids they speak of.
#pragma once

#include <filesystem>
#include <vector>

#include "harness/core/sweep.hpp"
#include "harness/sweep/grid.hpp"

namespace headcount {

/// Reads the list under `claims`. `grids` are those of the file as written: across, base and where must name
/// axes and values in them. With `adjusted` (a profile, --set) a value that is gone is a warning instead.
/// Throws UsageError.
std::vector<ClaimSpec> decode_claims(const YamlNode& list, const Vocabulary& vocabulary, const std::vector<Grid>& grids,
                                     bool adjusted, std::vector<std::string>& warnings);

/// The claims of a file (a config, or a file with `claims` alone) about points that are measured already. `parts`:
/// those of the result, with their points. Throws UsageError.
std::vector<ClaimSpec> load_claims(const std::filesystem::path& file, const Vocabulary& vocabulary,
                                   const std::vector<Part>& parts);

}  // namespace headcount
