// Every task of this folder, by file name.
#pragma once

#include <vector>

#include "harness/registry/registry.hpp"
#include "tasks/task.hpp"

namespace headcount {

const std::vector<Named<Task>>& all_tasks();

}  // namespace headcount
