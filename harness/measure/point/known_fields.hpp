// All fields that this program knows: those of every point, and what its variants and backends add.
#pragma once

#include "harness/core/field_table.hpp"

namespace headcount {

/// Made once, from the registries. Throws Error when two of them declare one name for different things.
const FieldTable& known_fields();

}  // namespace headcount
