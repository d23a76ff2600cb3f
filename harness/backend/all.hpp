// Every backend under backends/, by file name.
#pragma once

#include <vector>

#include "harness/backend/backend.hpp"
#include "harness/registry/registry.hpp"

namespace headcount {

const std::vector<Named<BackendInfo>>& all_backends();

}  // namespace headcount
