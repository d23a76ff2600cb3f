// The names a config may use, gathered from the registries.
#pragma once

#include "harness/sweep/load.hpp"

namespace headcount {

const Vocabulary& vocabulary();

/// Throws UsageError naming the nearest known preset.
const Preset& find_preset(std::string_view name);

}  // namespace headcount
