#include "harness/sweep/grid.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/sweep/keys.hpp"

namespace headcount {
namespace {

void check_field(const YamlKey& key, const Vocabulary& vocabulary) {
    if (vocabulary.fields.find(key.name) != nullptr) return;
    std::vector<std::string> known;
    for (const Field& field : vocabulary.fields.all()) known.push_back(field.name);
    key.at.fail(unknown_name("field", shown(key.name), known));
}

std::vector<AxisValue> decode_range(const YamlNode& map, const std::string& field, const Vocabulary& vocabulary,
                                    std::int64_t most_points) {
    if (vocabulary.fields.at(field).type != FieldType::integer) {
        map.at.fail(fmt::format("axis {} has no ranges, only whole numbers have; write a list", field));
    }
    const bool by_factor = map.find("times") != nullptr;
    const auto& keys = by_factor ? times_keys() : step_keys();
    check_keys(map, keys, fmt::format("the range of {}", field));
    const auto read = [&](std::size_t i) {
        return read_integer(*map.find(keys[i].name), keys[i].name, keys[i].min, keys[i].max);
    };
    const std::int64_t from = read(0), to = read(1), stride = read(2);
    if (from > to) map.at.fail(fmt::format("the range of {} is empty: from {} is above to {}", field, from, to));
    if (!by_factor && (to - from) / stride >= most_points) {
        map.at.fail(fmt::format("the range of {} has {} values, more than {}; use a larger step", field,
                                static_cast<std::uint64_t>((to - from) / stride) + 1, most_points));
    }
    std::vector<AxisValue> values;
    for (std::int64_t value = from;;) {
        try {
            values.push_back({canonical_value(field, std::to_string(value), vocabulary), map.at});
        } catch (const UsageError& e) {
            map.at.fail(e.what());
        }
        if (by_factor ? value > to / stride : value > to - stride) return values;
        value = by_factor ? value * stride : value + stride;
    }
}

std::vector<AxisValue> decode_values(const YamlNode& node, const std::string& field, const Vocabulary& vocabulary,
                                     std::int64_t most_points) {
    if (node.kind == YamlNode::Kind::map) return decode_range(node, field, vocabulary, most_points);
    if (node.kind != YamlNode::Kind::list) {
        node.at.fail(fmt::format("axis {} takes a list or a range, not {}; write [{}], or fix the field under problem",
                                 field, node.describe(), node.kind == YamlNode::Kind::scalar ? shown(node.text) : ""));
    }
    if (node.items.empty()) node.at.fail(fmt::format("axis {} is empty; give at least one value", field));
    std::vector<AxisValue> values;
    for (const YamlNode& item : node.items) values.push_back(decode_value(item, field, vocabulary));
    return values;
}

std::vector<Axis> decode_axes(const YamlNode& map, const Vocabulary& vocabulary, std::int64_t most_points) {
    expect_map(map, "axes");
    check_lengths(map.keys, "axes");
    std::vector<Axis> axes;
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
        check_field(map.keys[i], vocabulary);
        Axis axis{.fields = {map.keys[i].name}, .rows = {}, .at = map.keys[i].at};
        for (AxisValue& value : decode_values(map.items[i], map.keys[i].name, vocabulary, most_points)) {
            axis.rows.push_back({std::move(value)});
        }
        axes.push_back(std::move(axis));
    }
    return axes;
}

Axis decode_zip_group(const YamlNode& map, const Vocabulary& vocabulary, std::int64_t most_points) {
    expect_map(map, "zip");
    Axis group{.fields = {}, .rows = {}, .at = map.at};
    for (const Axis& axis : decode_axes(map, vocabulary, most_points)) {
        if (group.fields.empty()) group.rows.resize(axis.rows.size());
        if (axis.rows.size() != group.rows.size()) {
            axis.at.fail(fmt::format("zipped axes need one length: {} has {} values, {} has {}", axis.fields[0],
                                     axis.rows.size(), group.fields[0], group.rows.size()));
        }
        group.fields.push_back(axis.fields[0]);
        for (std::size_t i = 0; i < axis.rows.size(); ++i) group.rows[i].push_back(axis.rows[i][0]);
    }
    if (group.fields.empty()) map.at.fail("zip is empty; give axes that move together");
    return group;
}

std::vector<Match> decode_matches(const YamlNode& list, std::string_view what, const Vocabulary& vocabulary) {
    std::vector<Match> matches;
    for (const YamlNode& entry : expect_list(list, what).items)
        matches.push_back(decode_match(entry, what, vocabulary));
    return matches;
}

Grid decode_preset(const YamlNode& name, const Vocabulary& vocabulary) {
    const std::string wanted = read_text(name, "preset");
    const auto found = std::find_if(vocabulary.presets.begin(), vocabulary.presets.end(),
                                    [&](const Preset& preset) { return preset.name == wanted; });
    if (found == vocabulary.presets.end()) {
        std::vector<std::string> known;
        known.reserve(vocabulary.presets.size());
        for (const Preset& preset : vocabulary.presets) known.push_back(preset.name);
        name.at.fail(unknown_name("preset", shown(wanted), known));
    }
    if (!found->broken.empty()) name.at.fail(fmt::format("preset {} is broken: {}", wanted, found->broken));
    Grid grid;
    PointSpec spec;
    spec.problem = found->problem;
    for (auto& [field, text] : vocabulary.fields.given(spec)) grid.problem.push_back({field, {text, name.at}});
    return grid;
}

std::vector<FieldValue> decode_problem(const YamlNode& map, const Vocabulary& vocabulary) {
    expect_map(map, "problem");
    check_lengths(map.keys, "problem");
    std::vector<FieldValue> problem;
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
        if (map.keys[i].name == "preset") continue;
        check_field(map.keys[i], vocabulary);
        problem.push_back({map.keys[i].name, decode_value(map.items[i], map.keys[i].name, vocabulary)});
    }
    return problem;
}

}  // namespace

std::string canonical_value(std::string_view field, std::string_view text, const Vocabulary& vocabulary) {
    const Field& info = vocabulary.fields.at(field);
    if (info.type == FieldType::name) {
        const auto& known = vocabulary.names(field);
        if (std::find(known.begin(), known.end(), text) == known.end()) {
            throw UsageError(unknown_name(field, shown(text), known));
        }
        return std::string(text);
    }
    return canonical_text(info, text);
}

AxisValue decode_value(const YamlNode& node, std::string_view field, const Vocabulary& vocabulary) {
    const Field& info = vocabulary.fields.at(field);
    switch (info.type) {
        case FieldType::integer: read_integer(node, field, info.min, info.max); break;
        case FieldType::boolean: read_boolean(node, field); break;
        case FieldType::name:
        case FieldType::choice: read_text(node, field); break;
    }
    try {
        return {canonical_value(field, node.text, vocabulary), node.at};
    } catch (const UsageError& e) {
        node.at.fail(e.what());
    }
}

Match decode_match(const YamlNode& map, std::string_view what, const Vocabulary& vocabulary) {
    expect_map(map, fmt::format("an entry of {}", what));
    if (map.keys.empty())
        map.at.fail(fmt::format("an entry of {} is empty and would match everything; name fields", what));
    check_lengths(map.keys, what);
    Match match{.conditions = {}, .at = map.at};
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
        check_field(map.keys[i], vocabulary);
        std::vector<AxisValue> values;
        const bool several = map.items[i].kind == YamlNode::Kind::list && what != "include";
        if (several) {
            for (const YamlNode& item : expect_list(map.items[i], map.keys[i].name).items) {
                values.push_back(decode_value(item, map.keys[i].name, vocabulary));
            }
        } else {
            values.push_back(decode_value(map.items[i], map.keys[i].name, vocabulary));
        }
        match.conditions.emplace_back(map.keys[i].name, std::move(values));
    }
    return match;
}

Grid decode_grid(const YamlNode& map, const Vocabulary& vocabulary, std::int64_t most_points) {
    Grid grid;
    grid.at = map.at;
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
        const std::string& key = map.keys[i].name;
        const YamlNode& value = map.items[i];
        if (key == "problem") grid.problem = decode_problem(value, vocabulary);
        if (key == "axes") {
            grid.axes = decode_axes(value, vocabulary, most_points);
            if (grid.axes.empty()) value.at.fail("axes is empty; name a field that varies");
        }
        if (key == "zip") {
            grid.zip.emplace();
            if (value.kind == YamlNode::Kind::list) {
                for (const YamlNode& group : expect_list(value, "zip").items) {
                    grid.zip->push_back(decode_zip_group(group, vocabulary, most_points));
                }
            } else {
                grid.zip->push_back(decode_zip_group(value, vocabulary, most_points));
            }
        }
        if (key == "exclude") grid.exclude = decode_matches(value, "exclude", vocabulary);
        if (key == "include") grid.include = decode_matches(value, "include", vocabulary);
        if (key == "compare_by") grid.compare_by = decode_field_names(value, "compare_by", vocabulary);
    }
    check_grid(grid);
    const YamlNode* problem = map.find("problem");
    const YamlNode* preset = problem == nullptr ? nullptr : problem->find("preset");
    // What the file says itself goes before what its preset says, an axis too.
    return preset == nullptr ? grid : merge(decode_preset(*preset, vocabulary), grid);
}

std::vector<std::string> decode_field_names(const YamlNode& node, std::string_view what, const Vocabulary& vocabulary) {
    std::vector<std::string> names;
    const auto add = [&](const YamlNode& item) {
        const std::string name = read_text(item, what);
        check_field({name, item.at}, vocabulary);
        if (std::find(names.begin(), names.end(), name) != names.end()) {
            item.at.fail(fmt::format("{} names {} twice; once is enough", what, name));
        }
        names.push_back(name);
    };
    if (node.kind == YamlNode::Kind::list) {
        for (const YamlNode& item : expect_list(node, what).items) add(item);
    } else {
        add(node);
    }
    return names;
}

}  // namespace headcount
