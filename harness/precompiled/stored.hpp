// Read once for many sources (precompiled.cmake): what prints, and reads and writes JSON.
#pragma once

#include <nlohmann/json.hpp>

#include "harness/precompiled/formatted.hpp"
