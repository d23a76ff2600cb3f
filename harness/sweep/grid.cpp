#include "harness/sweep/grid.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/sweep/keys.hpp"

namespace headcount {
namespace {

void check_field(const YamlKey& key) {
    try {
        point_field(key.name);
    } catch (const UsageError&) {
        std::vector<std::string> known;
        for (const FieldInfo& field : point_fields()) known.emplace_back(field.name);
        key.at.fail(unknown_name("field", shown(key.name), known));
    }
}

// seq_len stands for both lengths, so giving it beside one of them would make the order of keys matter.
void check_lengths(const std::vector<YamlKey>& keys, std::string_view what) {
    const auto find = [&](std::string_view name) {
        return std::find_if(keys.begin(), keys.end(), [&](const YamlKey& key) { return key.name == name; });
    };
    const auto both = find("seq_len");
    for (const std::string_view one : {"q_len", "kv_len"}) {
        if (both != keys.end() && find(one) != keys.end()) {
            both->at.fail(
                fmt::format("{} gives both seq_len and {}; seq_len sets q_len and kv_len, keep one way", what, one));
        }
    }
}

std::vector<AxisValue> decode_range(const YamlNode& map, const std::string& field, const Vocabulary& vocabulary,
                                    std::int64_t most_points) {
    if (point_field(field).type != FieldType::integer) {
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
        check_field(map.keys[i]);
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

void decode_problem(const YamlNode& map, Grid& grid, const Vocabulary& vocabulary) {
    expect_map(map, "problem");
    check_lengths(map.keys, "problem");
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
        const YamlNode& item = map.items[i];
        if (map.keys[i].name != "preset") {
            check_field(map.keys[i]);
            Grid fixed;
            fixed.problem.push_back({map.keys[i].name, decode_value(item, map.keys[i].name, vocabulary)});
            grid = merge(std::move(grid), fixed);
            continue;
        }
        const std::string name = read_text(item, "preset");
        const auto found = std::find_if(vocabulary.presets.begin(), vocabulary.presets.end(),
                                        [&](const Preset& preset) { return preset.name == name; });
        if (found == vocabulary.presets.end()) {
            std::vector<std::string> known;
            for (const Preset& preset : vocabulary.presets) known.push_back(preset.name);
            item.at.fail(unknown_name("preset", shown(name), known));
        }
        Grid preset;
        for (auto& [field, text] : fields_of(found->problem)) preset.problem.push_back({field, {text, item.at}});
        grid = merge(std::move(preset), grid);  // explicit fields win, wherever `preset` stands among them
    }
}

void check_fixed(const Grid& grid, const std::vector<FieldValue>& fixed) {
    for (const FieldValue& one : fixed) {
        if (grid.has_axis(one.field)) {
            one.value.at.fail(fmt::format("{} is fixed here and varies in axes or zip; keep one of them", one.field));
        }
    }
}

// Every field varies in one place only.
void check_axes_once(const Grid& grid) {
    std::vector<std::string> seen;
    const auto visit = [&](const Axis& axis) {
        for (const std::string& field : axis.fields) {
            const bool twice = std::find(seen.begin(), seen.end(), field) != seen.end();
            if (twice) axis.at.fail(fmt::format("{} varies twice; keep it in axes or in one zip group", field));
            seen.push_back(field);
        }
    };
    for (const Axis& axis : grid.axes) visit(axis);
    for (const Axis& axis : grid.zip.value_or(std::vector<Axis>{})) visit(axis);
    std::vector<YamlKey> keys;
    for (const std::string& field : seen) keys.push_back({field, grid.at});
    check_lengths(keys, "the grid");
}

}  // namespace

bool Grid::has_axis(std::string_view field) const {
    const auto holds = [&](const Axis& axis) {
        return std::find(axis.fields.begin(), axis.fields.end(), field) != axis.fields.end();
    };
    return std::any_of(axes.begin(), axes.end(), holds) || (zip && std::any_of(zip->begin(), zip->end(), holds));
}

std::string canonical_value(std::string_view field, std::string_view text, const Vocabulary& vocabulary) {
    const FieldInfo& info = point_field(field);
    if (info.type == FieldType::name) {
        const auto& known = field == "variant" ? vocabulary.variants : vocabulary.backends;
        if (std::find(known.begin(), known.end(), text) == known.end()) {
            throw UsageError(unknown_name(field, shown(text), known));
        }
        return std::string(text);
    }
    PointSpec scratch;
    set_field(scratch, field, text);
    return info.type == FieldType::integer ? std::to_string(std::stoll(std::string(text))) : std::string(text);
}

AxisValue decode_value(const YamlNode& node, std::string_view field, const Vocabulary& vocabulary) {
    const FieldInfo& info = point_field(field);
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
        check_field(map.keys[i]);
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
        if (key == "problem") decode_problem(value, grid, vocabulary);
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
        if (key == "compare_by") grid.compare_by = decode_field_names(value, "compare_by");
    }
    check_axes_once(grid);
    check_fixed(grid, grid.problem);
    return grid;
}

std::vector<std::string> decode_field_names(const YamlNode& node, std::string_view what) {
    std::vector<std::string> names;
    const auto add = [&](const YamlNode& item) {
        const std::string name = read_text(item, what);
        check_field({name, item.at});
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

Grid merge(Grid base, const Grid& over) {
    // seq_len replaces both lengths; one length leaves the other as seq_len had it.
    const auto unfix = [&](const std::string& field) {
        std::erase_if(base.problem, [&](const FieldValue& fixed) {
            return fixed.field == field || (field == "seq_len" && (fixed.field == "q_len" || fixed.field == "kv_len"));
        });
    };
    for (const FieldValue& fixed : over.problem) {
        unfix(fixed.field);
        std::erase_if(base.axes, [&](const Axis& axis) { return axis.fields[0] == fixed.field; });
        base.problem.push_back(fixed);
    }
    for (const Axis& axis : over.axes) {
        unfix(axis.fields[0]);
        const auto same = std::find_if(base.axes.begin(), base.axes.end(),
                                       [&](const Axis& other) { return other.fields == axis.fields; });
        if (same != base.axes.end()) {
            *same = axis;
        } else {
            base.axes.push_back(axis);
        }
    }
    if (over.zip) base.zip = over.zip;
    for (const Axis& group : over.zip.value_or(std::vector<Axis>{})) {
        for (const std::string& field : group.fields) unfix(field);
    }
    if (over.exclude) base.exclude = over.exclude;
    if (over.include) base.include = over.include;
    if (over.compare_by) base.compare_by = over.compare_by;
    if (!base.at.file) base.at = over.at;
    check_fixed(base, over.problem);
    check_axes_once(base);
    return base;
}

void set_axis(Grid& grid, const std::string& field, const std::vector<AxisValue>& values) {
    const auto wanted = [&](const AxisValue& value) {
        return std::any_of(values.begin(), values.end(), [&](const AxisValue& v) { return v.text == value.text; });
    };
    if (grid.zip) {
        for (Axis& group : *grid.zip) {
            for (std::size_t j = 0; j < group.fields.size(); ++j) {
                if (group.fields[j] != field) continue;
                std::erase_if(group.rows, [&](const std::vector<AxisValue>& row) { return !wanted(row[j]); });
                return;
            }
        }
    }
    Grid over;
    if (values.size() == 1 && !grid.has_axis(field)) {
        over.problem.push_back({field, values[0]});
    } else {
        Axis axis{.fields = {field}, .rows = {}, .at = values[0].at};
        for (const AxisValue& value : values) axis.rows.push_back({value});
        over.axes.push_back(std::move(axis));
    }
    grid = merge(std::move(grid), over);
}

}  // namespace headcount
