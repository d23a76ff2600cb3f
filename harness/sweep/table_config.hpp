// Reads a published table from its YAML file.
#pragma once

#include <filesystem>

#include "harness/core/field_table.hpp"
#include "harness/core/published_table.hpp"

namespace headcount {

/// Decodes strictly: an unknown key, a missing one, a wrong type, a row that prints a column that does not exist,
/// a point that does not resolve, each throws UsageError "file:line:column: what, and what to do". Expressions
/// are checked when the table is evaluated.
PublishedTable load_published_table(const std::filesystem::path& path, const FieldTable& fields = base_field_table());

}  // namespace headcount
