// The JSON Schema of a config, for editors: the decoder's own tables in another notation.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "harness/sweep/keys.hpp"
#include "harness/sweep/load.hpp"

namespace headcount {
namespace {

using Json = nlohmann::ordered_json;

Json def(const std::string& name) { return {{"$ref", "#/$defs/" + name}}; }

Json closed_map(Json properties) {
    return {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
}

Json list_of(Json item) { return {{"type", "array"}, {"minItems", 1}, {"items", std::move(item)}}; }

/// One value or a list of them.
Json one_or_more(const Json& item) { return {{"anyOf", {item, list_of(item)}}}; }

/// Text that is not blank.
Json text() { return {{"type", "string"}, {"pattern", "\\S"}}; }

Json field_value(const Field& field, const Vocabulary& vocabulary) {
    switch (field.type) {
        case FieldType::name: return {{"enum", vocabulary.names(field.name)}};
        case FieldType::integer: return {{"type", "integer"}, {"minimum", field.min}, {"maximum", field.max}};
        case FieldType::boolean: return {{"type", "boolean"}};
        case FieldType::choice: return {{"enum", field.choices}};
    }
    return {};
}

Json names_of_fields(const Vocabulary& vocabulary) {
    Json names = Json::array();
    for (const Field& field : vocabulary.fields.all()) names.push_back(field.name);
    return {{"enum", names}};
}

/// A map from fields to what `shape` makes of a field's value.
template <class MakeValue>
Json field_map(const Vocabulary& vocabulary, const MakeValue& make_value) {
    Json properties = Json::object();
    for (const Field& field : vocabulary.fields.all()) {
        Json value = make_value(field, field_value(field, vocabulary));
        value["description"] = field.doc;
        properties[field.name] = std::move(value);
    }
    Json map = closed_map(std::move(properties));
    Json clashes = Json::array();
    for (const Field& alias : vocabulary.fields.all()) {
        for (const std::string& one : alias.stands_for) clashes.push_back({{"required", {alias.name, one}}});
    }
    map["not"] = {{"anyOf", clashes}};
    return map;
}

Json keys_map(const std::vector<Key>& keys) {
    Json properties = Json::object();
    Json required = Json::array();
    for (const Key& key : keys) {
        Json value = def(std::string(to_string(key.shape)));
        if (key.shape == Shape::integer) value = {{"type", "integer"}, {"minimum", key.min}, {"maximum", key.max}};
        value["description"] = key.doc;
        properties[std::string(key.name)] = std::move(value);
        if (key.required) required.push_back(key.name);
    }
    Json map = closed_map(std::move(properties));
    if (!required.empty()) map["required"] = std::move(required);
    return map;
}

Json protocol_map() {
    Json properties = Json::object();
    for (const ProtocolKey& key : protocol_keys()) {
        Json value{{"description", key.doc}};
        if (std::holds_alternative<bool Protocol::*>(key.member)) {
            value["type"] = "boolean";
        } else {
            value["type"] = std::holds_alternative<double Protocol::*>(key.member) ? "number" : "integer";
            value["minimum"] = key.min;
            value["maximum"] = key.max;
        }
        properties[std::string(key.name)] = std::move(value);
    }
    return closed_map(std::move(properties));
}

Json axes_map(const Vocabulary& vocabulary) {
    Json map = field_map(vocabulary, [](const Field& field, const Json& value) -> Json {
        if (field.type != FieldType::integer) return list_of(value);
        return {{"anyOf", {list_of(value), def("times"), def("step")}}};
    });
    map["minProperties"] = 1;
    return map;
}

/// An entry that names nothing would match everything.
Json not_empty(Json map) {
    map["minProperties"] = 1;
    return map;
}

Json claim_map(const Vocabulary& vocabulary) {
    const auto any_of = [](const std::vector<std::string>& kinds) {
        Json any = Json::array();
        for (const std::string& kind : kinds) any.push_back({{"required", Json::array({kind})}});
        return Json{{"anyOf", any}};
    };
    Json claim = keys_map(claim_keys());
    if (vocabulary.exact_claim_kinds.empty()) return claim;
    Json exact{{"properties", {{"expect", any_of(vocabulary.exact_claim_kinds)}}}};
    if (!vocabulary.either_claim_kinds.empty()) {
        const Json counted{{"not", {{"enum", vocabulary.measured_metrics}}}};
        const Json either{{"properties", {{"expect", any_of(vocabulary.either_claim_kinds)}, {"metric", counted}}}};
        exact = Json{{"anyOf", Json::array({exact, either})}};
    }
    claim["if"] = exact;
    claim["then"] = {{"required", {"outcome"}}};
    claim["else"] = {{"not", {{"required", {"outcome"}}}}};
    return claim;
}

Json expect_map_of(const Vocabulary& vocabulary) {
    Json kinds = Json::object();
    for (const std::string& kind : vocabulary.claim_kinds) kinds[kind] = {{"type", {"string", "number"}}};
    Json expect = closed_map(std::move(kinds));
    expect["minProperties"] = expect["maxProperties"] = 1;
    return expect;
}

Json reasons_map() {
    Json properties = Json::object();
    for (const std::string_view name : kMayBeLeftOut) properties[std::string(name)] = def("text");
    return closed_map(std::move(properties));
}

Json problem_map(const Vocabulary& vocabulary) {
    Json problem = field_map(vocabulary, [](const Field&, const Json& value) { return value; });
    Json names = Json::array();
    for (const Preset& preset : vocabulary.presets) names.push_back(preset.name);
    problem["properties"]["preset"] = {{"enum", names}, {"description", "sizes of a published model"}};
    return problem;
}

}  // namespace

std::string json_schema(const Vocabulary& vocabulary) {
    const Json plain = field_map(vocabulary, [](const Field&, const Json& value) { return value; });
    const Json match =
        not_empty(field_map(vocabulary, [](const Field&, const Json& value) { return one_or_more(value); }));
    Json schema = keys_map(sweep_keys());
    Json defs = {
        {"text", text()},
        {"identifier", {{"type", "string"}, {"pattern", "^[A-Za-z0-9._-]{1,64}$"}}},
        {"problem", problem_map(vocabulary)},
        {"axes", axes_map(vocabulary)},
        {"times", keys_map(times_keys())},
        {"step", keys_map(step_keys())},
        {"zip", one_or_more(def("axes"))},
        {"match", match},
        {"matches", list_of(def("match"))},
        {"includes", list_of(not_empty(plain))},
        {"field_names", one_or_more(names_of_fields(vocabulary))},
        {"base", {{"anyOf", {{{"type", {"string", "number", "boolean"}}}, not_empty(plain)}}}},
        {"protocol", protocol_map()},
        {"claim", claim_map(vocabulary)},
        {"claims", list_of(def("claim"))},
        {"metric", {{"enum", vocabulary.metrics}}},
        {"ledger", {{"enum", {"required", "executed"}}}},
        {"outcome", {{"enum", {"supported", "refuted"}}}},
        {"reasons", reasons_map()},
        {"expect", expect_map_of(vocabulary)},
        {"part", keys_map(part_keys())},
        {"parts",
         {{"type", "object"},
          {"propertyNames", {{"pattern", "^[a-z0-9_]{1,64}$"}}},
          {"additionalProperties", def("part")}}},
        {"grids", {{"type", "object"}, {"additionalProperties", def("part")}}},
        {"profile", keys_map(profile_keys())},
        {"profiles",
         {{"type", "object"},
          {"propertyNames", {{"pattern", "^[a-z0-9_]{1,64}$"}}},
          {"additionalProperties", def("profile")}}},
    };
    Json document = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                     {"title", "headcount sweep"},
                     {"description", "One YAML file asks one question; see docs/adding.md."}};
    document.update(schema);
    document["$defs"] = std::move(defs);
    return document.dump(2) + "\n";
}

}  // namespace headcount
