// Whole models: configs/models/*.yaml.
#pragma once

#include <filesystem>

#include "harness/core/field_table.hpp"
#include "harness/core/whole_model.hpp"

namespace headcount {

/// Throws UsageError "file:line:column: what is wrong". `fields` are those that variants declare, too.
WholeModel load_model(const std::filesystem::path& path, const FieldTable& fields);

}  // namespace headcount
