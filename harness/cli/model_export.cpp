#include <fmt/format.h>

#include "harness/analysis/table/table.hpp"
#include "harness/cli/exact_json.hpp"
#include "harness/cli/model_numbers.hpp"
#include "harness/cli/model_report.hpp"

namespace headcount {
namespace {

using nlohmann::ordered_json;

ordered_json figures_json(const ModelFigures& figures) {
    ordered_json json{{"length", figures.length},
                      {"num_heads", figures.heads.num_heads},
                      {"num_kv_heads", figures.heads.num_kv_heads},
                      {"head_dim", figures.heads.head_dim}};
    for (const ModelNumber& number : numbers_of(figures)) json[number.quantity] = exact_json(number.value);
    return json;
}

ordered_json published_json(const std::vector<PublishedResult>& published) {
    ordered_json list = ordered_json::array();
    for (const PublishedResult& one : published) {
        ordered_json json{{"quantity", one.number.quantity},
                          {"printed", one.number.printed},
                          {"source", one.number.source},
                          {"ours", exact_json(one.ours)},
                          {"rounds_to_it", one.rounds_to_it}};
        if (!one.number.finding.empty()) json["finding"] = one.number.finding;
        list.push_back(std::move(json));
    }
    return list;
}

}  // namespace

Table model_as_table(const ModelReport& report) {
    Table table{.columns = {}, .rows = {}};
    for (const char* name :
         {"model", "kept", "num_heads", "num_kv_heads", "head_dim", "length", "quantity", "unit", "value"}) {
        table.columns.push_back({.name = name});
    }
    const auto add = [&](const std::string& kept, const ModelFigures& at) {
        for (const ModelNumber& number : numbers_of(at)) {
            table.rows.push_back({report.model, kept, std::to_string(at.heads.num_heads),
                                  std::to_string(at.heads.num_kv_heads), std::to_string(at.heads.head_dim),
                                  std::to_string(at.length), number.quantity, number.unit,
                                  to_decimal(number.value, 17)});
        }
    };
    add("own", report.own);
    for (const ModelFigures& at : report.lengths) {
        if (at.length != report.own.length) add("own", at);
    }
    for (const HeadsRow& row : report.heads) {
        if (row.figures && row.keep != "own") add(row.keep, *row.figures);
    }
    return table;
}

std::string model_as_json(const ModelReport& report) {
    ordered_json units;
    for (const ModelNumber& number : numbers_of(report.own)) units[number.quantity] = number.unit;
    ordered_json lengths = ordered_json::array(), heads = ordered_json::array();
    for (const ModelFigures& at : report.lengths) lengths.push_back(figures_json(at));
    for (const HeadsRow& row : report.heads) {
        ordered_json json{{"kept", row.keep}};
        if (row.figures) {
            json.update(figures_json(*row.figures));
        } else {
            json.update({{"num_heads", row.num_heads}, {"why_not", row.why_not}});
        }
        heads.push_back(std::move(json));
    }
    ordered_json json{{"model", report.model},
                      {"source", report.source},
                      {"convention", "a multiply with its add is 2 FLOP; matrix products of the forward pass alone"},
                      {"dtype", report.dtype},
                      {"batch", report.batch},
                      {"units", std::move(units)},
                      {"own", figures_json(report.own)},
                      {"published", published_json(report.published)},
                      {"weights", {{"bits", report.weight_bits}, {"bytes", report.weight_bytes}}}};
    if (report.memory_bytes > 0) json["fits"] = {{"memory_bytes", report.memory_bytes}, {"tokens", report.fits}};
    json["lengths"] = std::move(lengths);
    json["heads"] = std::move(heads);
    json["points"] = report.points;
    return json.dump(2) + "\n";
}

}  // namespace headcount
