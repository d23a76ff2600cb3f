// How a count is printed: JSON, CSV or a table for people.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/analysis/table/table.hpp"
#include "harness/core/op_cost.hpp"
#include "harness/core/point.hpp"
#include "harness/measure/point/count.hpp"
#include "harness/measure/point/transformer_block.hpp"

namespace headcount {

/// One ledger of one operation.
struct CountRow {
    std::string op, role;
    OpCost cost;
};

/// Every field that the point has, by name.
nlohmann::ordered_json problem_as_json(const Point& point);

std::vector<CountRow> rows_of(const std::vector<OpPart>& ops, Ledger ledger);

/// {"convention", "problem", "ops": [...], "total", "flops", "flops_per_token", "flops_with_cache" (null: there is
/// none), "score_bytes", "workspace_bytes", "parameters", "kv_cache_bytes"}. `layers` of a model: totals of all of them
/// are told, too; 0: no model is named.
nlohmann::ordered_json count_as_json(const Point& point, const Count& count, Ledger ledger, int layers);
/// op,role,multiplies,... and a last row "total".
Table count_as_table(const Count& count, Ledger ledger);
/// Aligned columns, then the four byte and parameter figures.
std::string count_as_text(const Point& point, const Count& count, Ledger ledger, int layers);

/// What surrounds attention in a Transformer block, and attention's share.
std::string block_as_text(const TransformerBlock& block, Ledger ledger);
nlohmann::ordered_json block_as_json(const TransformerBlock& block, Ledger ledger);

}  // namespace headcount
