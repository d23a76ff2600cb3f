// What conventions make of one problem, printed: text, CSV or JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/analysis/published/convention_result.hpp"
#include "harness/analysis/table/table.hpp"
#include "harness/core/op_cost.hpp"
#include "harness/core/point.hpp"

namespace headcount {

/// The conventions of configs/conventions, ours first, then by name. `name` is "all", one of them or a file (.yaml);
/// ours is always among them, because the others are compared with it. Throws UsageError: unknown name, a wrong file.
std::vector<Convention> conventions_named(std::string_view name);

/// A table for each part of the layer, then of each convention its formulas, where it is silent, and what it counts
/// otherwise than we do.
std::string conventions_as_text(const Point& point, Ledger ledger, const std::vector<ConventionResult>& results);
/// A line for each convention, part and pass.
Table conventions_as_table(const std::vector<ConventionResult>& results);
/// {"problem", "conventions": [{"name", "unit", "core": {"forward": {"value", "formula", ...}}, "differs", ...}]}.
nlohmann::ordered_json conventions_as_json(const Point& point, Ledger ledger,
                                           const std::vector<ConventionResult>& results);

}  // namespace headcount
