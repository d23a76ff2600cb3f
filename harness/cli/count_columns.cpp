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
    std::function<std::int64_t(const CountedPoint&)> value;          ///< below 0: unknown
    std::function<std::int64_t(const CountedPoint&)> per = nullptr;  ///< shown is the value over this; null: as it is
};

double amount(const Quantity& quantity, const CountedPoint& point) {
    const double per = quantity.per ? static_cast<double>(quantity.per(point)) : 1;
    return static_cast<double>(quantity.value(point)) / per;
}

/// Six digits for people.
std::string number(double value, Audience audience) {
    return audience == Audience::programs ? fmt::format("{}", value) : fmt::format("{:.6g}", value);
}

std::string shown(const Quantity& quantity, const CountedPoint& point, Audience audience) {
    const std::int64_t value = quantity.value(point);
    if (value < 0) return "";
    return quantity.per ? number(amount(quantity, point), audience) : fmt::format("{}", value);
}

std::int64_t mebibyte(const CountedPoint&) { return std::int64_t{1} << 20; }
std::int64_t gibibyte(const CountedPoint&) { return std::int64_t{1} << 30; }
std::int64_t new_tokens(const CountedPoint& point) { return point.point.problem.batch * point.point.problem.q_len; }

OpCost total_of(const CountedPoint& point, Ledger ledger) {
    OpCost total;
    for (const CountRow& row : rows_of(point.count.ops, ledger)) total += row.cost;
    return total;
}

std::vector<Quantity> quantities(Ledger ledger, int layers) {
    std::vector<Quantity> all{
        {"FLOPs (multiplies and adds)", [=](const auto& p) { return total_of(p, ledger).flops(); }},
        {"FLOPs a new token", [=](const auto& p) { return total_of(p, ledger).flops(); }, new_tokens},
        {"FLOPs with a cache kept", [=](const auto& p) { return flops_with_cache(p.point, ledger).value_or(-1); }},
        {"multiplies", [=](const auto& p) { return total_of(p, ledger).multiplies; }},
        {"exps", [=](const auto& p) { return total_of(p, ledger).exps; }},
        {"operand bytes", [=](const auto& p) { return total_of(p, ledger).bytes(); }},
        {"scores held at once, bytes", [](const auto& p) { return p.count.score_bytes; }},
        {"workspace, bytes", [](const auto& p) { return p.count.workspace_bytes; }},
        {"parameters", [](const auto& p) { return p.count.parameters; }},
        {"KV cache, bytes", [](const auto& p) { return p.count.kv_cache_bytes; }},
        {"KV cache, MiB", [](const auto& p) { return p.count.kv_cache_bytes; }, mebibyte}};
    if (layers > 0) {
        const std::string of = fmt::format("of {} layers", layers);
        all.push_back({"FLOPs " + of, [=](const auto& p) { return layers * total_of(p, ledger).flops(); }});
        all.push_back({"parameters " + of, [=](const auto& p) { return layers * p.count.parameters; }});
        all.push_back(
            {"KV cache " + of + ", GiB", [=](const auto& p) { return layers * p.count.kv_cache_bytes; }, gibibyte});
    }
    return all;
}

}  // namespace

Table count_columns(const std::vector<CountedPoint>& points, const std::string& field, Ledger ledger, int layers,
                    Audience audience) {
    Table table;
    table.columns.push_back({.name = std::string(to_string(ledger))});
    const auto name_of = [&](const CountedPoint& point) {
        return fmt::format("{}={}", field, get_field(point.point, field));
    };
    for (const CountedPoint& point : points) {
        table.columns.push_back({.name = name_of(point), .align = Align::right});
        if (&point == &points.front()) continue;
        const std::string ratio =
            fmt::format("{} {} / {}", field, get_field(point.point, field), get_field(points.front().point, field));
        table.columns.push_back({.name = ratio, .align = Align::right});
    }
    for (const Quantity& quantity : quantities(ledger, layers)) {
        std::vector<std::string> row{quantity.name};
        const std::int64_t base = quantity.value(points.front());
        bool any = false;
        for (const CountedPoint& point : points) {
            const std::int64_t here = quantity.value(point);
            any = any || here >= 0;
            row.push_back(shown(quantity, point, audience));
            if (&point == &points.front()) continue;
            row.push_back(here < 0 || base <= 0
                              ? ""
                              : number(amount(quantity, point) / amount(quantity, points.front()), audience));
        }
        if (any) table.rows.push_back(std::move(row));
    }
    for (const CountedPoint& point : points) table.notes.push_back(resolved_problem(point.point));
    return table;
}

}  // namespace headcount
