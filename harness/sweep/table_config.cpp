#include "harness/sweep/table_config.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/sweep/keys.hpp"
#include "harness/sweep/yaml.hpp"

namespace headcount {
namespace {

using Fields = std::map<std::string, std::string>;                       // field -> text
using PointFields = std::map<std::string, std::pair<Fields, Location>>;  // point -> its fields

const std::vector<Key>& table_keys() {
    static const std::vector<Key> keys{
        {"title", Shape::text, "what the table shows", true},
        {"source", Shape::text, "paper and table", true},
        {"url", Shape::text, "where the paper is"},
        {"says", Shape::text, "what the paper concludes from it", true},
        {"ledger", Shape::ledger, "required or executed"},
        {"values", Shape::fields, "named numbers and expressions, for all rows"},
        {"points", Shape::fields, "named points, for all rows"},
        {"columns", Shape::fields, "what each column says and how it is computed", true},
        {"rows", Shape::includes, "what is printed, row by row", true},
        {"findings", Shape::fields, "named texts: why a cell does not come out as printed"},
    };
    return keys;
}

const std::vector<Key>& column_keys() {
    static const std::vector<Key> keys{
        {"says", Shape::text, "what the column shows", true},
        {"unit", Shape::text, "of its numbers"},
        {"computation", Shape::text, "an expression that gives its cells"},
        {"not_attempted", Shape::identifier, "instead: why its cells are not computed, and what that would need"},
    };
    return keys;
}

const std::vector<Key>& row_keys() {
    static const std::vector<Key> keys{
        {"row", Shape::text, "its name", true},
        {"values", Shape::fields, "over those of the table"},
        {"points", Shape::fields, "over those of the table"},
        {"printed", Shape::fields, "column: value as printed, or a cell", true},
    };
    return keys;
}

const std::vector<Key>& cell_keys() {
    static const std::vector<Key> keys{
        {"value", Shape::text, "as printed", true},
        {"computation", Shape::text, "instead of the column's"},
        {"rounding", Shape::text, "nearest or down"},
        {"tolerance", Shape::text, "by how much it may differ"},
        {"ours", Shape::text, "what ours is, to these digits: a cell that says it is held to it"},
        {"finding", Shape::identifier, "why it does not come out as printed"},
        {"note", Shape::identifier, "what else is to be said of it"},
        {"not_attempted", Shape::identifier, "why it is not computed, and what that would need"},
    };
    return keys;
}

std::string scalar(const YamlNode& node, std::string_view what) {
    if (node.kind != YamlNode::Kind::scalar || node.text.empty()) {
        node.at.fail(fmt::format("{} is a single value, not {}", what, node.describe()));
    }
    return node.text;
}

std::string scalar_or(const YamlNode& map, std::string_view key, std::string otherwise) {
    const YamlNode* node = map.find(key);
    return node == nullptr ? std::move(otherwise) : scalar(*node, key);
}

bool all_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_decimal(std::string_view text) {
    if (!text.empty() && text.front() == '-') text.remove_prefix(1);
    const std::size_t e = text.find('e');
    if (e != std::string_view::npos) {
        std::string_view exponent = text.substr(e + 1);
        if (!exponent.empty() && exponent.front() == '-') exponent.remove_prefix(1);
        if (!all_digits(exponent) || exponent.size() > 2) return false;
        text = text.substr(0, e);
    }
    const auto digits =
        static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }));
    const auto dots = static_cast<std::size_t>(std::count(text.begin(), text.end(), '.'));
    // Bounded, because the number of printed digits becomes a power of ten.
    return digits > 0 && digits <= 30 && dots <= 1 && digits + dots == text.size();
}

std::string decimal(const YamlNode& node, std::string_view what) {
    std::string text = scalar(node, what);
    if (!is_decimal(text)) {
        node.at.fail(
            fmt::format("{} is a plain decimal number as printed (65, -0.5, 1.47e11), not '{}'", what, shown(text)));
    }
    return text;
}

// Values and points share the first part of a name in expressions, so neither may hold a dot or a sign.
std::string identifier(const YamlKey& key, std::string_view what) {
    const auto ok = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto part = [&](char c) { return ok(c) || (c >= '0' && c <= '9'); };
    if (key.name.empty() || !ok(key.name.front()) || !std::all_of(key.name.begin(), key.name.end(), part)) {
        key.at.fail(fmt::format("{} '{}' must be letters, digits and '_', so that expressions can name it", what,
                                shown(key.name)));
    }
    if (key.name == "printed") key.at.fail("'printed' is taken: expressions read printed.COLUMN");
    return key.name;
}

Fields read_values(const YamlNode* node, Fields values) {
    if (node == nullptr) return values;
    expect_map(*node, "values");
    for (std::size_t i = 0; i < node->keys.size(); ++i) {
        values[identifier(node->keys[i], "value")] = scalar(node->items[i], node->keys[i].name);
    }
    return values;
}

PointFields read_points(const YamlNode* node, PointFields points, const FieldTable& table) {
    if (node == nullptr) return points;
    expect_map(*node, "points");
    for (std::size_t i = 0; i < node->keys.size(); ++i) {
        auto& [fields, at] = points[identifier(node->keys[i], "point")];
        at = node->keys[i].at;
        const YamlNode& body = expect_map(node->items[i], "a point");
        for (std::size_t j = 0; j < body.keys.size(); ++j) {
            const std::string text = scalar(body.items[j], body.keys[j].name);
            try {
                PointSpec probe;
                table.set(probe, body.keys[j].name, text);
            } catch (const UsageError& error) {
                body.keys[j].at.fail(error.what());
            }
            fields[body.keys[j].name] = text;
        }
    }
    return points;
}

std::map<std::string, Point> resolve_points(const PointFields& points, const FieldTable& table) {
    std::map<std::string, Point> resolved;
    for (const auto& [name, body] : points) {
        PointSpec spec;
        for (const auto& [field, text] : body.first) table.set(spec, field, text);
        try {
            resolved.emplace(name, table.resolve(spec));
        } catch (const UsageError& error) {
            body.second.fail(fmt::format("point '{}': {}", name, error.what()));
        }
    }
    return resolved;
}

Rounding read_rounding(const YamlNode& node) {
    const std::string text = scalar(node, "rounding");
    if (text == "nearest") return Rounding::nearest;
    if (text == "down") return Rounding::down;
    node.at.fail(unknown_name("rounding", text, {"nearest", "down"}));
}

void expect_finding(const YamlNode& node, const std::string& name, const PublishedTable& table) {
    if (name.empty() || table.findings.contains(name)) return;
    std::vector<std::string> known;
    for (const auto& [other, text] : table.findings) known.push_back(other);
    node.at.fail(unknown_name("finding", name, std::move(known)));
}

/// A cell that is not computed shows what is printed, whatever it is.
TableCell read_not_attempted(const YamlNode& node, TableCell cell) {
    const YamlNode& printed = node.kind == YamlNode::Kind::map ? *node.find("value") : node;
    if (printed.kind != YamlNode::Kind::null) cell.printed = scalar(printed, "a printed value");
    for (const char* key : {"computation", "rounding", "tolerance", "ours", "finding"}) {
        const YamlNode* other = node.kind == YamlNode::Kind::map ? node.find(key) : nullptr;
        if (other != nullptr) other->at.fail(fmt::format("a cell that is not attempted has no {}", key));
    }
    return cell;
}

TableCell read_cell(const YamlNode& node, const TableColumn& column, const PublishedTable& table) {
    TableCell cell{.column = column.name,
                   .printed = std::nullopt,
                   .computation = column.computation,
                   .tolerance = {},
                   .finding = {},
                   .note = {},
                   .not_attempted = column.not_attempted,
                   .location = node.at.text()};
    const YamlNode* printed = &node;
    if (node.kind == YamlNode::Kind::map) {
        check_keys(node, cell_keys(), "a cell");
        printed = node.find("value");
        cell.not_attempted = scalar_or(node, "not_attempted", cell.not_attempted);
        cell.note = scalar_or(node, "note", "");
        expect_finding(node, cell.note, table);
        expect_finding(node, cell.not_attempted, table);
    }
    if (!cell.not_attempted.empty()) {
        cell.computation.clear();
        return read_not_attempted(node, std::move(cell));
    }
    if (node.kind == YamlNode::Kind::map) {
        cell.computation = scalar_or(node, "computation", cell.computation);
        if (const YamlNode* rounding = node.find("rounding")) cell.rounding = read_rounding(*rounding);
        if (const YamlNode* tolerance = node.find("tolerance")) cell.tolerance = decimal(*tolerance, "tolerance");
        if (const YamlNode* ours = node.find("ours")) cell.ours = decimal(*ours, "what ours is");
        cell.finding = scalar_or(node, "finding", "");
        expect_finding(node, cell.finding, table);
    }
    if (printed->kind != YamlNode::Kind::null) cell.printed = decimal(*printed, "a printed value");
    if (cell.computation.empty()) {
        node.at.fail(fmt::format("column '{}' has no computation, so this cell needs one", column.name));
    }
    if (!cell.finding.empty() && !cell.printed) node.at.fail("a finding speaks of a printed value; use a note here");
    return cell;
}

TableColumn read_column(const YamlKey& key, const YamlNode& node, const PublishedTable& table) {
    check_keys(node, column_keys(), "a column");
    TableColumn column{.name = identifier(key, "column"),
                       .says = read_text(*node.find("says"), "says"),
                       .unit = scalar_or(node, "unit", ""),
                       .computation = scalar_or(node, "computation", ""),
                       .not_attempted = scalar_or(node, "not_attempted", "")};
    expect_finding(node, column.not_attempted, table);
    if (!column.not_attempted.empty() && !column.computation.empty()) {
        node.at.fail(fmt::format("column '{}' has a computation and is not attempted; leave out one", column.name));
    }
    return column;
}

}  // namespace

PublishedTable load_published_table(const std::filesystem::path& path, const FieldTable& fields) {
    const YamlNode root = parse_yaml(read_bounded(path.string()), path.string());
    check_keys(root, table_keys(), "a published table");
    PublishedTable table{.name = path.stem().string(),
                         .title = read_text(*root.find("title"), "title"),
                         .source = read_text(*root.find("source"), "source"),
                         .url = scalar_or(root, "url", ""),
                         .says = read_text(*root.find("says"), "says"),
                         .path = path.string(),
                         .columns = {},
                         .rows = {},
                         .findings = {}};
    if (const YamlNode* ledger = root.find("ledger")) {
        const std::string text = scalar(*ledger, "ledger");
        if (text == "executed")
            table.ledger = Ledger::executed;
        else if (text != "required")
            ledger->at.fail(unknown_name("ledger", text, {"required", "executed"}));
    }
    if (const YamlNode* findings = root.find("findings")) {
        expect_map(*findings, "findings");
        for (std::size_t i = 0; i < findings->keys.size(); ++i) {
            table.findings[findings->keys[i].name] = read_text(findings->items[i], "a finding");
        }
    }
    const YamlNode& columns = expect_map(*root.find("columns"), "columns");
    std::vector<std::string> column_names;
    for (std::size_t i = 0; i < columns.keys.size(); ++i) {
        table.columns.push_back(read_column(columns.keys[i], columns.items[i], table));
        column_names.push_back(table.columns.back().name);
    }
    const Fields values = read_values(root.find("values"), {});
    const PointFields points = read_points(root.find("points"), {}, fields);
    std::set<std::string> seen;
    for (const YamlNode& node : expect_list(*root.find("rows"), "rows").items) {
        check_keys(node, row_keys(), "a row");
        TableRow row{.name = scalar(*node.find("row"), "row"),
                     .values = read_values(node.find("values"), values),
                     .points = resolve_points(read_points(node.find("points"), points, fields), fields),
                     .cells = {},
                     .location = node.at.text()};
        if (!seen.insert(row.name).second) {
            node.at.fail(fmt::format("row '{}' is written twice; give each its own name", shown(row.name)));
        }
        const YamlNode& printed = expect_map(*node.find("printed"), "printed");
        for (std::size_t i = 0; i < printed.keys.size(); ++i) {
            const auto column = std::find(column_names.begin(), column_names.end(), printed.keys[i].name);
            if (column == column_names.end()) {
                printed.keys[i].at.fail(unknown_name("column", printed.keys[i].name, column_names));
            }
            const auto index = static_cast<std::size_t>(column - column_names.begin());
            row.cells.push_back(read_cell(printed.items[i], table.columns[index], table));
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

}  // namespace headcount
