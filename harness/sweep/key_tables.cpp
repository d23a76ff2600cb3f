// The keys of a config as tables of Markdown, for docs/config.md: the decoder's own tables in another notation.
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/sweep/keys.hpp"
#include "harness/sweep/load.hpp"

namespace headcount {
namespace {

/// What stands under a key, for people.
std::string_view in_words(Shape shape) {
    switch (shape) {
        case Shape::text: return "text";
        case Shape::identifier: return "up to 64 letters, digits, `.`, `_`, `-`";
        case Shape::integer: return "whole number";
        case Shape::problem: return "field: value, and `preset`";
        case Shape::fields: return "field: value";
        case Shape::axes: return "field: list or range";
        case Shape::zip: return "field: list; or a list of such maps";
        case Shape::matches: return "list of: field: value or list";
        case Shape::includes: return "list of: field: value";
        case Shape::match: return "field: value or list";
        case Shape::field_names: return "field, or list of fields";
        case Shape::base: return "value, or field: value";
        case Shape::protocol: return "keys of `protocol`";
        case Shape::claims: return "list of claims";
        case Shape::parts: return "name: part";
        case Shape::profiles: return "name: profile";
        case Shape::grids: return "name: overrides of that part";
        case Shape::metric: return "a name of `headcount list metrics`";
        case Shape::ledger: return "`required` or `executed`";
        case Shape::expect: return "one `kind: argument`";
        case Shape::outcome: return "`supported` or `refuted`";
        case Shape::activation: return "`relu` or `gelu`";
        case Shape::reasons: return "name: text";
    }
    return "";
}

std::string cell(std::string_view text) {
    std::string safe;
    for (const char c : text) safe += c == '|' ? std::string("\\|") : std::string(1, c);
    return safe;
}

std::string table_of(std::string_view title, const std::vector<Key>& keys) {
    std::string text = fmt::format("### {}\n\n| key | value | meaning |\n|---|---|---|\n", title);
    for (const Key& key : keys) {
        text += fmt::format("| `{}`{} | {} | {} |\n", key.name, key.required ? " (required)" : "",
                            cell(in_words(key.shape)), cell(key.doc));
    }
    return text + "\n";
}

std::string protocol_table() {
    const Protocol defaults;
    std::string text = "### `protocol`\n\n| key | default | from | to | meaning |\n|---|---|---|---|---|\n";
    for (const ProtocolKey& key : protocol_keys()) {
        const auto otherwise = [&]<class T>(T Protocol::*member) { return fmt::format("{}", defaults.*member); };
        const bool flag = std::holds_alternative<bool Protocol::*>(key.member);
        text += fmt::format("| `{}` | {} | {} | {} | {} |\n", key.name, std::visit(otherwise, key.member),
                            flag ? "false" : fmt::format("{}", key.min), flag ? "true" : fmt::format("{}", key.max),
                            cell(key.doc));
    }
    return text + "\n";
}

std::string values_of(const Field& field) {
    switch (field.type) {
        case FieldType::name: return fmt::format("a name of `headcount list {}s`", field.name);
        case FieldType::integer: return fmt::format("{} to {}", field.min, field.max);
        case FieldType::boolean: return "`true` or `false`";
        case FieldType::choice: return fmt::format("`{}`", fmt::join(field.choices, "`, `"));
    }
    return {};
}

std::string default_of(const Field& field) {
    if (!field.otherwise.empty()) return "`" + field.otherwise + "`";
    if (!field.follows.empty()) return fmt::format("follows from {}", fmt::join(field.follows, ", "));
    return field.is_alias() ? fmt::format("stands for {}", fmt::join(field.stands_for, ", ")) : "none: give it";
}

std::string field_table(const FieldTable& fields) {
    std::string text = "### Fields of a point\n\n| field | values | default | of | meaning |\n|---|---|---|---|---|\n";
    for (const Field& field : fields.all()) {
        text += fmt::format("| `{}` | {} | {} | {} | {} |\n", field.name, cell(values_of(field)), default_of(field),
                            fields.is_own(field.name) ? fields.owners_of(field.name) : std::string("every point"),
                            cell(field.doc));
    }
    return text;
}

}  // namespace

std::string key_tables(const Vocabulary& vocabulary) {
    return table_of("A config", sweep_keys()) + table_of("An entry of `parts`", part_keys()) +
           table_of("An entry of `profiles`", profile_keys()) + table_of("A claim", claim_keys()) +
           table_of("A range, by a factor", times_keys()) + table_of("A range, by a step", step_keys()) +
           protocol_table() + field_table(vocabulary.fields);
}

}  // namespace headcount
