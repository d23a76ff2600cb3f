#include "harness/cli/count_columns.hpp"

#include <cstdint>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "harness/cli/count_assumed.hpp"
#include "harness/cli/count_report.hpp"

namespace headcount {
namespace {

struct Quantity {
    std::string name;
    std::function<std::int64_t(const CountedPoint&)> value;  ///< below 0: unknown
};

OpCost total_of(const CountedPoint& point, Ledger ledger) {
    OpCost total;
    for (const CountRow& row : rows_of(point.count.ops, ledger)) total += row.cost;
    return total;
}

std::vector<Quantity> quantities(Ledger ledger, int layers) {
    std::vector<Quantity> all{
        {"FLOPs (multiplies and adds)", [=](const auto& p) { return total_of(p, ledger).flops(); }},
        {"FLOPs with a cache kept", [=](const auto& p) { return flops_with_cache(p.point, ledger).value_or(-1); }},
        {"multiplies", [=](const auto& p) { return total_of(p, ledger).multiplies; }},
        {"exps", [=](const auto& p) { return total_of(p, ledger).exps; }},
        {"operand bytes", [=](const auto& p) { return total_of(p, ledger).bytes(); }},
        {"scores held at once, bytes", [](const auto& p) { return p.count.score_bytes; }},
        {"workspace, bytes", [](const auto& p) { return p.count.workspace_bytes; }},
        {"parameters", [](const auto& p) { return p.count.parameters; }},
        {"KV cache, bytes", [](const auto& p) { return p.count.kv_cache_bytes; }}};
    if (layers > 0) {
        all.push_back({fmt::format("KV cache of {} layers, bytes", layers),
                       [=](const auto& p) { return layers * p.count.kv_cache_bytes; }});
    }
    return all;
}

}  // namespace

Table count_columns(const std::vector<CountedPoint>& points, const std::string& field, Ledger ledger, int layers) {
    Table table;
    table.columns.push_back({.name = std::string(to_string(ledger))});
    for (const CountedPoint& point : points) {
        const std::string name = fmt::format("{}={}", field, get_field(point.point, field));
        table.columns.push_back({.name = name, .align = Align::right});
        if (&point != &points.front()) table.columns.push_back({.name = "ratio to the first", .align = Align::right});
    }
    for (const auto& [name, value] : quantities(ledger, layers)) {
        std::vector<std::string> row{name};
        const std::int64_t base = value(points.front());
        bool any = false;
        for (const CountedPoint& point : points) {
            const std::int64_t here = value(point);
            any = any || here >= 0;
            row.push_back(here < 0 ? "" : fmt::format("{}", here));
            if (&point == &points.front()) continue;
            row.push_back(here < 0 || base <= 0
                              ? ""
                              : fmt::format("{:.6g}", static_cast<double>(here) / static_cast<double>(base)));
        }
        if (any) table.rows.push_back(std::move(row));
    }
    for (const CountedPoint& point : points) table.notes.push_back(resolved_problem(point.point));
    return table;
}

}  // namespace headcount
