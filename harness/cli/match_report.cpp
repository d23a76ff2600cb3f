#include "harness/cli/match_report.hpp"

#include <fmt/format.h>

#include "harness/analysis/table/table.hpp"
#include "harness/cli/exact_json.hpp"

namespace headcount {
namespace {

constexpr int kDigits = 5;

Rational residual(const MatchReport& report, const MatchedSize& size) {
    return quantity_of(size.ours, report.equal) - quantity_of(report.theirs, report.equal);
}

std::string ratio(const CostRatio& row) { return row.theirs == 0 ? "" : to_decimal(row.ours / row.theirs, kDigits); }

/// "rises with every size", "does not depend on it", "falls behind 12".
std::string growth(const Matches& matches) {
    if (!matches.changes) return "does not depend on it";
    if (matches.falls_after) return fmt::format("falls for the first time behind {}", *matches.falls_after);
    return "never falls";
}

std::string found(const MatchReport& report) {
    const std::vector<std::int64_t>& exact = report.matches.exact;
    if (exact.empty()) return fmt::format("no {} makes them equal; the nearest:\n", report.vary);
    if (exact.size() == 1) return fmt::format("{} = {} makes them equal\n", report.vary, exact.front());
    return fmt::format("{} sizes make them equal, from {} = {} to {}\n", exact.size(), report.vary, exact.front(),
                       exact.back());
}

std::string costs_table(const MatchReport& report, const MatchedSize& size) {
    Table table{.columns = {{.name = "cost"},
                            {.name = "unit"},
                            {.name = report.variant, .align = Align::right},
                            {.name = report.to, .align = Align::right},
                            {.name = report.variant + " / " + report.to, .align = Align::right}},
                .rows = {}};
    for (const CostRatio& row : ratios(size.ours, report.theirs)) {
        table.rows.push_back({row.quantity, row.unit, to_text(row.ours), to_text(row.theirs), ratio(row)});
    }
    return to_terminal(table);
}

}  // namespace

std::string match_as_text(const MatchReport& report) {
    std::string text = fmt::format(
        "{} of {}, by its {}, equal to {} of {}\nthe other: {}\nlayers: {} of attention, {} feed-forward networks; a "
        "multiply with its add is 2 FLOP, matrix products alone\n\n{}",
        report.equal, report.variant, report.vary, report.equal, report.to, report.to_point,
        report.stack.attention_layers, report.stack.ffn_layers, found(report));
    for (const MatchedSize& size : report.sizes) {
        const Rational rest = residual(report, size);
        text += fmt::format("\n{} = {}", report.vary, size.size);
        if (rest != 0) text += fmt::format(", {}{} {}", rest > 0 ? "+" : "", to_text(rest), report.equal);
        text += fmt::format(": {}\n{}", size.point, costs_table(report, size));
    }
    return text + fmt::format("\nevery {} from 1 to {} was counted ({} are possible): {} {}\n", report.vary,
                              report.matches.last, report.matches.possible, report.equal, growth(report.matches));
}

Table match_as_table(const MatchReport& report) {
    Table table{.columns = {}, .rows = {}};
    for (const char* name : {"vary", "size", "quantity", "unit", "ours", "theirs", "ratio"}) {
        table.columns.push_back({.name = name});
    }
    for (const MatchedSize& size : report.sizes) {
        for (const CostRatio& row : ratios(size.ours, report.theirs)) {
            table.rows.push_back({report.vary, std::to_string(size.size), row.quantity, row.unit, to_text(row.ours),
                                  to_text(row.theirs), ratio(row)});
        }
    }
    return table;
}

std::string match_as_json(const MatchReport& report) {
    nlohmann::ordered_json sizes = nlohmann::ordered_json::array();
    for (const MatchedSize& size : report.sizes) {
        nlohmann::ordered_json costs;
        for (const CostRatio& row : ratios(size.ours, report.theirs)) {
            costs[row.quantity] = {
                {"unit", row.unit}, {"ours", exact_json(row.ours)}, {"theirs", exact_json(row.theirs)}};
            if (row.theirs != 0) costs[row.quantity]["ratio"] = static_cast<double>(row.ours / row.theirs);
        }
        sizes.push_back({{"size", size.size},
                         {"point", size.point},
                         {"residual", exact_json(residual(report, size))},
                         {"costs", std::move(costs)}});
    }
    nlohmann::ordered_json json{{"equal", report.equal},
                                {"vary", report.vary},
                                {"variant", report.variant},
                                {"to", report.to},
                                {"to_point", report.to_point},
                                {"attention_layers", report.stack.attention_layers},
                                {"ffn_layers", report.stack.ffn_layers},
                                {"target", exact_json(quantity_of(report.theirs, report.equal))},
                                {"exact", report.matches.exact},
                                {"sizes", std::move(sizes)},
                                {"counted_to", report.matches.last},
                                {"possible", report.matches.possible},
                                {"changes", report.matches.changes},
                                {"never_falls", !report.matches.falls_after.has_value()}};
    return json.dump(2) + "\n";
}

}  // namespace headcount
