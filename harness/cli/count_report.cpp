#include "harness/cli/count_report.hpp"

#include <optional>

#include <fmt/format.h>

#include "harness/cli/count_assumed.hpp"
#include "harness/core/convention.hpp"
#include "harness/journal/json.hpp"
#include "harness/measure/point/known_fields.hpp"

namespace headcount {
namespace {

using nlohmann::ordered_json;

ordered_json cost_as_json(const OpCost& cost) {
    return {{"multiplies", cost.multiplies}, {"adds", cost.adds}, {"compares", cost.compares},
            {"divides", cost.divides},       {"exps", cost.exps}, {"bytes", cost.bytes()}};
}

OpCost total_of(const std::vector<CountRow>& rows) {
    OpCost total;
    for (const CountRow& row : rows) total += row.cost;
    return total;
}

/// New ones, whose output a pass makes.
std::int64_t tokens(const Point& point) { return point.problem.batch * point.problem.q_len; }

}  // namespace

nlohmann::ordered_json problem_as_json(const Point& point) {
    ordered_json problem;
    for (const Field& field : known_fields().all()) {
        const bool absent = known_fields().is_own(field.name) && point.own.find(field.name) == nullptr;
        if (!field.is_alias() && !absent) problem[field.name] = field_json(field, point);
    }
    return problem;
}

std::vector<CountRow> rows_of(const std::vector<OpPart>& ops, Ledger ledger) {
    std::vector<CountRow> rows;
    for (const OpPart& part : ops) {
        const OpCost& cost = ledger == Ledger::required ? part.required : part.executed;
        // Layout copies are no required work, rescales neither: an empty row says nothing.
        if (cost == OpCost{}) continue;
        rows.push_back({.op = part.op, .role = part.role, .cost = cost});
    }
    return rows;
}

nlohmann::ordered_json count_as_json(const Point& point, const Count& count, Ledger ledger, int layers) {
    const std::vector<CountRow> rows = rows_of(count.ops, ledger);
    ordered_json ops = ordered_json::array();
    for (const CountRow& row : rows) {
        ordered_json line{{"op", row.op}, {"role", row.role}};
        line.update(cost_as_json(row.cost));
        ops.push_back(std::move(line));
    }
    ordered_json problem = problem_as_json(point);
    problem["ledger"] = to_string(ledger);
    const std::int64_t flops = total_of(rows).flops();
    const std::optional<std::int64_t> kept = flops_with_cache(point, ledger);
    ordered_json report{{"convention", kOurConvention},
                        {"problem", std::move(problem)},
                        {"ops", std::move(ops)},
                        {"total", cost_as_json(total_of(rows))},
                        {"flops", flops},
                        {"flops_per_token", static_cast<double>(flops) / static_cast<double>(tokens(point))},
                        {"flops_with_cache", kept ? ordered_json(*kept) : ordered_json(nullptr)},
                        {"score_bytes", count.score_bytes},
                        {"workspace_bytes", count.workspace_bytes},
                        {"parameters", count.parameters},
                        {"kv_cache_bytes", count.kv_cache_bytes}};
    if (layers > 0) {
        report["layers"] = {{"count", layers},
                            {"flops", layers * flops},
                            {"parameters", layers * count.parameters},
                            {"kv_cache_bytes", layers * count.kv_cache_bytes}};
    }
    return report;
}

Table count_as_table(const Count& count, Ledger ledger) {
    Table table{.columns = {}, .rows = {}};
    for (const char* name : {"op", "role", "multiplies", "adds", "compares", "divides", "exps", "bytes"}) {
        table.columns.push_back({.name = name});
    }
    const auto add = [&](std::string_view op, std::string_view role, const OpCost& c) {
        std::vector<std::string> row{std::string(op), std::string(role)};
        for (const std::int64_t number : {c.multiplies, c.adds, c.compares, c.divides, c.exps, c.bytes()}) {
            row.push_back(fmt::format("{}", number));
        }
        table.rows.push_back(std::move(row));
    };
    const std::vector<CountRow> rows = rows_of(count.ops, ledger);
    for (const CountRow& row : rows) add(row.op, row.role, row.cost);
    add("total", "", total_of(rows));
    return table;
}

std::string count_as_text(const Point& point, const Count& count, Ledger ledger, int layers) {
    const std::vector<CountRow> rows = rows_of(count.ops, ledger);
    std::string text = fmt::format(
        "{}\n{}\n{} work, convention {}: a dot product of length n is n multiplies and n-1 adds, and exps count "
        "apart\n\n",
        point.id(), resolved_problem(point), to_string(ledger), kOurConvention);
    text += fmt::format("{:<8} {:<8} {:>18} {:>18} {:>14} {:>14} {:>14} {:>16}\n", "op", "role", "multiplies", "adds",
                        "compares", "divides", "exps", "bytes");
    const auto line = [&](std::string_view op, std::string_view role, const OpCost& c) {
        text += fmt::format("{:<8} {:<8} {:>18} {:>18} {:>14} {:>14} {:>14} {:>16}\n", op, role, c.multiplies, c.adds,
                            c.compares, c.divides, c.exps, c.bytes());
    };
    for (const CountRow& row : rows) line(row.op, row.role, row.cost);
    line("total", "", total_of(rows));
    const std::int64_t flops = total_of(rows).flops();
    const auto all = static_cast<double>(flops);
    text += fmt::format("\nFLOPs      {} multiplies and adds, {}; {} a token\n", flops, flops_text(all),
                        flops_text(all / static_cast<double>(tokens(point))));
    text += fmt::format("scores     {}, held at once\nworkspace  {}\nparameters {}\nKV cache   {}\n",
                        bytes_text(count.score_bytes), bytes_text(count.workspace_bytes), count.parameters,
                        bytes_text(count.kv_cache_bytes));
    if (layers > 0) {
        text += fmt::format("{} layers  {}; {} parameters; KV cache {}\n", layers, flops_text(layers * all),
                            layers * count.parameters, bytes_text(layers * count.kv_cache_bytes));
    }
    return text + cache_line(point, ledger, flops);
}

std::string block_as_text(const TransformerBlock& block, Ledger ledger) {
    std::string text = "\nthe rest of the block:\n";
    for (const CountRow& row : rows_of(block.rest, ledger)) {
        text += fmt::format("{:<10} {:<10} {:>14} multiplies {:>14} adds {:>10} divides {:>10} exps\n", row.op,
                            row.role, row.cost.multiplies, row.cost.adds, row.cost.divides, row.cost.exps);
    }
    text += fmt::format(
        "\nattention is {:.2f} % of the block's multiplies and adds, {:.2f} % of its product multiplies\n"
        "block parameters {}\n",
        100 * block.attention_share(ledger), 100 * block.attention_share_of_products(ledger), block.parameters);
    return text;
}

nlohmann::ordered_json block_as_json(const TransformerBlock& block, Ledger ledger) {
    return {{"total", cost_as_json(block.total(ledger))},
            {"parameters", block.parameters},
            {"attention_share", block.attention_share(ledger)},
            {"attention_share_of_products", block.attention_share_of_products(ledger)}};
}

}  // namespace headcount
