// Every variant of this folder, by file name.
#pragma once

#include <vector>

#include "harness/registry/registry.hpp"
#include "variants/variant.hpp"

namespace headcount {

const std::vector<Named<Variant>>& all_variants();

}  // namespace headcount
