#include "harness/cli/convention_report.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "harness/analysis/show/words.hpp"
#include "harness/analysis/table/table.hpp"
#include "harness/cli/count_report.hpp"
#include "harness/cli/paths.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/core/printable.hpp"
#include "harness/sweep/convention_config.hpp"

namespace headcount {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kFolder = "conventions";
constexpr std::size_t kLongestInteger = 18;  // digits that surely fit into 64 bits

struct Pass {
    const char* name;
    ConventionCell ConventionRow::*cell;
};
constexpr std::array<Pass, 3> kPasses{
    {{"forward", &ConventionRow::forward}, {"backward", &ConventionRow::backward}, {"both", &ConventionRow::both}}};

std::string number(const std::optional<Rational>& value) { return value ? to_text(*value) : ""; }
std::string ratio(const std::optional<Rational>& value) { return value ? to_decimal(*value, 4) : ""; }

std::string of_part(const std::vector<ConventionResult>& results, ConventionPart part) {
    Table table{.columns = {{.name = "convention"},
                            {.name = "unit"},
                            {.name = "forward", .align = Align::right},
                            {.name = "backward", .align = Align::right},
                            {.name = "both", .align = Align::right},
                            {.name = "forward/ours", .align = Align::right},
                            {.name = "both/ours", .align = Align::right}},
                .rows = {}};
    for (const ConventionResult& result : results) {
        const ConventionRow* row = result.find(part);
        if (row == nullptr) return "";
        table.rows.push_back({result.convention.name, std::string(to_string(result.convention.unit)),
                              number(row->forward.value), number(row->backward.value), number(row->both.value),
                              ratio(row->forward.of_ours), ratio(row->both.of_ours)});
    }
    return fmt::format("{}\n{}", to_string(part), to_terminal(table));
}

constexpr std::size_t kIndent = 15;

/// "  label        text", over several lines where it is long.
std::string said(std::string_view label, std::string_view text) {
    return fmt::format("  {:<{}}", label, kIndent - 2) + wrapped(text, kIndent).substr(kIndent);
}

/// "its formula has one length", or "forward: ..., both: ..." where the reasons differ; "" where nothing is blank.
std::string silence(const ConventionRow& row) {
    const bool same =
        std::ranges::all_of(kPasses, [&](const Pass& pass) { return (row.*pass.cell).silent == row.forward.silent; });
    if (same) return row.forward.silent;
    std::string text;
    for (const Pass& pass : kPasses) {
        const std::string& why = (row.*pass.cell).silent;
        if (!why.empty()) text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", pass.name, why);
    }
    return text;
}

std::string formulas(const ConventionRow& row) {
    std::string text;
    for (const Pass& pass : kPasses) {
        const std::string& formula = (row.*pass.cell).formula;
        if (!formula.empty()) text += fmt::format("{}{} = {}", text.empty() ? "" : "; ", pass.name, formula);
    }
    return text;
}

std::string joined(const std::vector<std::string>& texts) { return fmt::format("{}", fmt::join(texts, "; ")); }

std::string details(const ConventionResult& result) {
    const Convention& convention = result.convention;
    std::string text = fmt::format("{}: {}\n", convention.name, printable(convention.title));
    text += said("speaks of", convention.speaks_of);
    for (const ConventionRow& row : result.rows) {
        if (row.part == ConventionPart::layer) continue;  // a sum
        if (const std::string all = formulas(row); !all.empty()) text += said(to_string(row.part), all);
        if (const std::string why = silence(row); !why.empty()) {
            text += said("blank", fmt::format("{}: {}", to_string(row.part), why));
        }
    }
    for (const std::string& difference : result.differences) text += said("differs", difference);
    for (const auto& [noun, count] : result.apart) {
        text += said("apart", fmt::format("{} {} in the forward core", to_text(count), noun));
    }
    const std::string url = convention.url.empty() ? "" : ", " + convention.url;
    return text + said("source", convention.source + url);
}

ordered_json as_json(const Rational& value) {
    std::string text = to_text(value);
    if (value.is_integer() && text.size() <= kLongestInteger) return std::stoll(text);
    return text;
}

ordered_json as_json(const ConventionCell& cell) {
    ordered_json json{{"value", cell.value ? as_json(*cell.value) : ordered_json()}};
    if (!cell.formula.empty()) json["formula"] = cell.formula;
    if (cell.of_ours) json["of_ours"] = static_cast<double>(*cell.of_ours);
    if (!cell.silent.empty()) json["silent"] = cell.silent;
    return json;
}

ordered_json as_json(const ConventionResult& result) {
    const Convention& convention = result.convention;
    ordered_json json{{"name", convention.name},           {"title", convention.title},
                      {"source", convention.source},       {"url", convention.url},
                      {"speaks_of", convention.speaks_of}, {"unit", to_string(convention.unit)}};
    for (const ConventionRow& row : result.rows) {
        ordered_json& part = json[std::string(to_string(row.part))];
        for (const Pass& pass : kPasses) part[pass.name] = as_json(row.*pass.cell);
    }
    json["differs"] = result.differences;
    for (const auto& [noun, count] : result.apart) json["apart"][noun] = as_json(count);
    return json;
}

}  // namespace

std::vector<Convention> conventions_named(std::string_view name) {
    std::vector<std::string> names = config_names(kFolder);
    std::stable_partition(names.begin(), names.end(), [](const std::string& one) { return one == kOurConvention; });
    const bool is_file = name.ends_with(".yaml");
    if (!is_file && name != "all" && std::ranges::find(names, name) == names.end()) {
        names.emplace_back("all");
        throw UsageError(unknown_name("convention", name, std::move(names)));
    }
    std::vector<Convention> conventions;
    for (const std::string& one : names) {
        if (name != "all" && one != name && one != kOurConvention) continue;
        conventions.push_back(load_convention(find_config(one, kFolder)));
    }
    if (is_file) conventions.push_back(load_convention(name));
    return conventions;
}

std::string conventions_as_text(const Point& point, Ledger ledger, const std::vector<ConventionResult>& results) {
    std::string text =
        fmt::format("{}\nconvention {} is ours ({} work, exps apart); a blank cell says nothing of this problem\n",
                    point.id(), kOurConvention, to_string(ledger));
    for (const ConventionPart part : {ConventionPart::core, ConventionPart::projections, ConventionPart::layer}) {
        if (const std::string table = of_part(results, part); !table.empty()) text += "\n" + table;
    }
    for (const ConventionResult& result : results) text += "\n" + details(result);
    return text;
}

Table conventions_as_table(const std::vector<ConventionResult>& results) {
    Table table{.columns = {}, .rows = {}};
    for (const char* name : {"convention", "part", "pass", "unit", "value", "of_ours", "formula", "silent", "differs",
                             "speaks_of", "source"}) {
        table.columns.push_back({.name = name});
    }
    for (const ConventionResult& result : results) {
        const Convention& convention = result.convention;
        for (const ConventionRow& row : result.rows) {
            for (const Pass& pass : kPasses) {
                const ConventionCell& cell = row.*pass.cell;
                table.rows.push_back({convention.name, std::string(to_string(row.part)), pass.name,
                                      std::string(to_string(convention.unit)), number(cell.value), ratio(cell.of_ours),
                                      cell.formula, cell.silent, joined(result.differences), convention.speaks_of,
                                      convention.source});
            }
        }
    }
    return table;
}

nlohmann::ordered_json conventions_as_json(const Point& point, Ledger ledger,
                                           const std::vector<ConventionResult>& results) {
    ordered_json problem = problem_as_json(point);
    problem["ledger"] = to_string(ledger);
    ordered_json all = ordered_json::array();
    for (const ConventionResult& result : results) all.push_back(as_json(result));
    return {{"problem", std::move(problem)}, {"conventions", std::move(all)}};
}

}  // namespace headcount
