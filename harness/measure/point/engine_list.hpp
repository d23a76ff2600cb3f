// Which engines there are, by their files: nothing is started to know it.
#pragma once

#include <functional>
#include <vector>

#include "harness/core/engine.hpp"
#include "harness/registry/registry.hpp"

namespace headcount {

using Engines = std::vector<Named<Engine>>;

/// Where all_engines() gets them from the first time it is asked: files that the caller knows how to find. Replaces
/// what was there.
void find_engines_by(std::function<Engines()> find);
const Engines& all_engines();

}  // namespace headcount
