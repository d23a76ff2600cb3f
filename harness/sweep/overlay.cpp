// Grids on top of grids: parts over the top level, profiles and --set over both.
#include <algorithm>

#include <fmt/format.h>

#include "harness/core/base_fields.hpp"
#include "harness/sweep/grid.hpp"

namespace headcount {
namespace {

bool is_alias(std::string_view field) {
    const BaseField* base = find_base_field(field);
    return base != nullptr && base->field.is_alias();
}

void check_fixed(const Grid& grid) {
    for (const FieldValue& one : grid.problem) {
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
    keys.reserve(seen.size());
    for (const std::string& field : seen) keys.push_back({field, grid.at});
    check_lengths(keys, "the grid");
}

}  // namespace

// Giving a field beside what it stands for would make the order of keys matter.
void check_lengths(const std::vector<YamlKey>& keys, std::string_view what) {
    for (const YamlKey& alias : keys) {
        if (!is_alias(alias.name)) continue;
        for (const YamlKey& one : keys) {
            if (one.name == alias.name || !one_sets_the_other(alias.name, one.name)) continue;
            alias.at.fail(fmt::format("{} gives both {} and {}; {} sets {}, keep one way", what, alias.name, one.name,
                                      alias.name, fmt::join(find_base_field(alias.name)->field.stands_for, " and ")));
        }
    }
}

void check_grid(const Grid& grid) {
    check_axes_once(grid);
    check_fixed(grid);
}

bool Grid::has_axis(std::string_view field) const {
    const auto holds = [&](const Axis& axis) {
        return std::find(axis.fields.begin(), axis.fields.end(), field) != axis.fields.end();
    };
    return std::any_of(axes.begin(), axes.end(), holds) || (zip && std::any_of(zip->begin(), zip->end(), holds));
}

Grid merge(Grid base, const Grid& over) {
    // A field replaces what it stands for (seq_len both lengths); one length leaves the other as seq_len had it.
    const auto unfix = [&](const std::string& field) {
        std::erase_if(base.problem, [&](const FieldValue& fixed) {
            return fixed.field == field || (is_alias(field) && one_sets_the_other(field, fixed.field));
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
    check_grid(base);
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
