#include "harness/analysis/show/diff_text.hpp"

#include <fmt/format.h>

#include "harness/journal/json.hpp"

namespace headcount {
namespace {

/// What spreadsheets and scripts read.
Table numbers(const Diff& diff) {
    Table table{.columns = {}, .rows = {}};
    for (const char* name : {"point", "verdict", "ratio", "ratio_low", "ratio_high", "p", "p_holm", "a_median_s",
                             "b_median_s", "a_rounds", "b_rounds", "paired", "note"}) {
        table.columns.push_back({.name = name});
    }
    for (const PointDiff& point : diff.points) {
        const bool bounded = point.ratio.bounded();
        table.rows.push_back(
            {point.point, std::string(to_string(point.change)), fmt::format("{}", point.ratio.estimate),
             bounded ? fmt::format("{}", point.ratio.low) : "", bounded ? fmt::format("{}", point.ratio.high) : "",
             fmt::format("{}", point.p), fmt::format("{}", point.adjusted), fmt::format("{}", point.a_s),
             fmt::format("{}", point.b_s), fmt::format("{}", point.a_rounds), fmt::format("{}", point.b_rounds),
             point.paired ? "true" : "false", point.note});
    }
    return table;
}

}  // namespace

Table diff_table(const Diff& diff, bool programs) {
    if (programs) return numbers(diff);
    Table table;
    table.columns = {{.name = "point of A", .wraps = true},     {.name = "verdict"},
                     {.name = "B / A", .align = Align::right},  {.name = "95 %", .align = Align::right},
                     {.name = "p", .align = Align::right},      {.name = "p, Holm", .align = Align::right},
                     {.name = "A ms", .align = Align::right},   {.name = "B ms", .align = Align::right},
                     {.name = "rounds", .align = Align::right}, {.name = "note", .wraps = true}};
    for (const PointDiff& point : diff.points) {
        const std::string rounds =
            fmt::format("{}, {}{}", point.a_rounds, point.b_rounds, point.paired ? " paired" : "");
        table.rows.push_back(
            {point.point, std::string(to_string(point.change)), fmt::format("{:.4f}", point.ratio.estimate),
             point.ratio.bounded() ? fmt::format("{:.4f} to {:.4f}", point.ratio.low, point.ratio.high) : "none",
             fmt::format("{:.2g}", point.p), fmt::format("{:.2g}", point.adjusted),
             fmt::format("{:.4g}", point.a_s * 1e3), fmt::format("{:.4g}", point.b_s * 1e3), rounds, point.note});
    }
    return table;
}

std::string diff_json(const Diff& diff) {
    Json json{{"overall", diff.overall}, {"compared", to_string(diff.relation)}};
    for (const Change change : {Change::faster, Change::slower, Change::same, Change::cannot_tell}) {
        json["counts"][std::string(to_string(change))] = diff.count(change);
    }
    json["only_a"] = diff.only_a;
    json["only_b"] = diff.only_b;
    const auto of_points = [&](double ratio) { return diff.points.empty() ? Json(nullptr) : Json(ratio); };
    json["ratios"] = {{"median", of_points(diff.ratios.estimate)},
                      {"smallest", of_points(diff.ratios.low)},
                      {"largest", of_points(diff.ratios.high)}};
    json["differs"] = Json::array();
    for (const Difference& difference : diff.differs) {
        json["differs"].push_back(
            {{"kind", difference.kind}, {"key", difference.key}, {"a", difference.a}, {"b", difference.b}});
    }
    json["points"] = Json::array();
    for (const PointDiff& point : diff.points) {
        const Json low = point.ratio.bounded() ? Json(point.ratio.low) : Json(nullptr);
        const Json high = point.ratio.bounded() ? Json(point.ratio.high) : Json(nullptr);
        json["points"].push_back({{"a", point.point},
                                  {"b", point.other},
                                  {"verdict", to_string(point.change)},
                                  {"paired", point.paired},
                                  {"ratio", point.ratio.estimate},
                                  {"low", low},
                                  {"high", high},
                                  {"p", point.p},
                                  {"p_holm", point.adjusted},
                                  {"a_s", point.a_s},
                                  {"b_s", point.b_s},
                                  {"a_rounds", point.a_rounds},
                                  {"b_rounds", point.b_rounds},
                                  {"note", point.note}});
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headcount
