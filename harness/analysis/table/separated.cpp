// A table for programs: CSV, TSV, JSON.
#include <nlohmann/json.hpp>

#include "harness/analysis/table/table.hpp"
#include "harness/core/printable.hpp"

namespace headcount {
namespace {

using nlohmann::ordered_json;

/// Would a spreadsheet run it? Numbers and fractions may begin with a sign.
bool is_formula(std::string_view text) {
    if (text.empty() || std::string_view("=+-@\t\r").find(text.front()) == std::string_view::npos) return false;
    const bool sign = text.front() == '+' || text.front() == '-';
    return !sign || text.find_first_not_of("0123456789.eE+-/") != std::string_view::npos;
}

std::string tsv_cell(std::string_view raw) { return (is_formula(raw) ? "'" : "") + printable(raw); }

template <class Cell>
std::string separated(const Table& table, std::string_view between, Cell cell) {
    std::string text;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (i > 0) text += between;
        text += cell(table.columns[i].name);
    }
    text += '\n';
    for (const auto& row : table.rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i > 0) text += between;
            text += cell(row[i]);
        }
        text += '\n';
    }
    return text;
}

ordered_json json_cell(const std::string& text) {
    if (text.empty()) return nullptr;
    ordered_json value = ordered_json::parse(text, nullptr, false);
    if (value.is_number() || value.is_boolean()) return value;
    return printable_lines(text);
}

}  // namespace

std::string csv_cell(std::string_view raw) {
    const std::string text = printable_lines(raw);
    const std::string_view mark = is_formula(text) ? "'" : "";
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(mark) + text;
    std::string cell = "\"";
    cell += mark;
    for (const char c : text) {
        if (c == '"') cell += '"';
        cell += c;
    }
    return cell + "\"";
}

std::string to_csv(const Table& table) { return separated(table, ",", csv_cell); }

std::string to_tsv(const Table& table) { return separated(table, "\t", tsv_cell); }

std::string to_json(const Table& table) {
    ordered_json columns = ordered_json::array(), rows = ordered_json::array(), notes = ordered_json::array();
    for (const Column& column : table.columns) columns.push_back(printable(column.name));
    for (const auto& row : table.rows) {
        ordered_json object = ordered_json::object();
        for (std::size_t i = 0; i < row.size(); ++i) object[printable(table.columns[i].name)] = json_cell(row[i]);
        rows.push_back(std::move(object));
    }
    for (const std::string& note : table.notes) {
        if (!note.empty()) notes.push_back(printable_lines(note));
    }
    ordered_json json{{"columns", std::move(columns)}, {"rows", std::move(rows)}, {"notes", std::move(notes)}};
    if (!table.conditions.empty()) json["conditions"] = printable_lines(table.conditions);
    return json.dump(2) + "\n";
}

}  // namespace headcount
