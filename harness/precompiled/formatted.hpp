// Read once for many sources (precompiled.cmake): what prints.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/precompiled/standard.hpp"
