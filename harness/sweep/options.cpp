#include "harness/sweep/options.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "harness/core/base_fields.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/sweep/keys.hpp"

namespace headcount {
namespace {

struct Assignment {
    std::string name;
    std::vector<std::string> values;
};

Assignment split(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
        throw UsageError("write field=value or field=value,value");
    }
    Assignment assignment{.name = text.substr(0, equals), .values = {}};
    for (std::size_t from = equals + 1; from <= text.size();) {
        const std::size_t comma = std::min(text.find(',', from), text.size());
        if (comma == from) throw UsageError("a value is empty; write field=value,value");
        assignment.values.push_back(text.substr(from, comma - from));
        from = comma + 1;
    }
    return assignment;
}

template <class Body>
void with_option(std::string_view option, const std::string& text, const Body& body) {
    try {
        body();
    } catch (const UsageError& e) {
        const std::string prefix = fmt::format("{} {}: ", option, shown(text));
        const std::string what = e.what();
        throw UsageError(what.starts_with(prefix) ? what : prefix + what);
    }
}

std::vector<std::string> part_names(const std::vector<Grid>& grids) {
    std::vector<std::string> names;
    for (const Grid& grid : grids) {
        if (!grid.name.empty()) names.push_back(grid.name);
    }
    return names;
}

void set_protocol(const Assignment& assignment, Protocol& protocol, const std::string& option) {
    constexpr std::string_view kPrefix = "protocol.";
    if (assignment.values.size() != 1) throw UsageError("a setting of the protocol takes one value");
    const auto file = std::make_shared<const std::string>(option);
    YamlNode map{.kind = YamlNode::Kind::map, .text = {}, .keys = {}, .items = {}, .at = {file, 0, 0}};
    map.keys.push_back({assignment.name.substr(kPrefix.size()), map.at});
    map.items.push_back(
        {.kind = YamlNode::Kind::scalar, .text = assignment.values[0], .keys = {}, .items = {}, .at = map.at});
    decode_protocol(map, protocol);
}

void set_field_of_grids(Assignment assignment, const Vocabulary& vocabulary, std::vector<Grid>& grids,
                        const std::string& option) {
    std::vector<Grid*> chosen;
    const std::size_t slash = assignment.name.find('/');
    const std::string part = slash == std::string::npos ? "" : assignment.name.substr(0, slash);
    if (slash != std::string::npos) assignment.name.erase(0, slash + 1);
    for (Grid& grid : grids) {
        if (slash == std::string::npos || grid.name == part) chosen.push_back(&grid);
    }
    if (chosen.empty()) throw UsageError(unknown_name("part", part, part_names(grids)));
    // An axis that stands for it would win over it silently, point by point.
    for (const Field& alias : vocabulary.fields.all()) {
        if (!alias.is_alias() || !one_sets_the_other(alias.name, assignment.name) || alias.name == assignment.name)
            continue;
        const bool swept =
            std::any_of(chosen.begin(), chosen.end(), [&](const Grid* grid) { return grid->has_axis(alias.name); });
        if (swept) {
            throw UsageError(fmt::format("{} is swept as {} here; set {}, or name a part that sweeps {} (part/{}=...)",
                                         assignment.name, alias.name, alias.name, assignment.name, assignment.name));
        }
    }
    const auto file = std::make_shared<const std::string>(option);
    std::vector<AxisValue> values;
    for (const std::string& value : assignment.values) {
        values.push_back({canonical_value(assignment.name, value, vocabulary), {file, 0, 0}});
    }
    const bool varies =
        std::any_of(chosen.begin(), chosen.end(), [&](const Grid* grid) { return grid->has_axis(assignment.name); });
    for (Grid* grid : chosen) {
        if (!varies || grid->has_axis(assignment.name)) set_axis(*grid, assignment.name, values);
    }
}

bool agrees(const Filter& filter, const std::string& value) {
    return std::find(filter.values.begin(), filter.values.end(), value) != filter.values.end();
}

// A skipped point has no resolved fields; what its text does not say cannot keep it out.
bool agrees_skipped(const Filter& filter, const SkippedPoint& point) {
    const std::size_t first = point.id.find('/');
    const std::size_t second = point.id.find('/', first + 1);
    if (filter.field == "variant") return agrees(filter, point.id.substr(0, first));
    if (filter.field == "backend") return agrees(filter, point.id.substr(first + 1, second - first - 1));
    const std::string rest = "," + point.id.substr(second + 1) + ",";
    const std::size_t at = rest.find("," + filter.field + "=");
    if (at == std::string::npos) return true;
    const std::size_t from = at + filter.field.size() + 2;
    return agrees(filter, rest.substr(from, rest.find(',', from) - from));
}

}  // namespace

void apply_set(const std::vector<std::string>& set, const Vocabulary& vocabulary, std::vector<Grid>& grids,
               Protocol& protocol) {
    for (const std::string& text : set) {
        with_option("--set", text, [&] {
            const Assignment assignment = split(text);
            if (assignment.name.starts_with("protocol.")) {
                set_protocol(assignment, protocol, "--set " + shown(text));
            } else {
                set_field_of_grids(assignment, vocabulary, grids, "--set " + shown(text));
            }
        });
    }
}

std::vector<Filter> parse_filters(const std::vector<std::string>& filter, const Vocabulary& vocabulary) {
    std::vector<Filter> filters;
    for (const std::string& text : filter) {
        with_option("--filter", text, [&] {
            const Assignment assignment = split(text);
            Filter parsed{.field = assignment.name, .values = {}};
            for (const std::string& value : assignment.values) {
                parsed.values.push_back(parsed.field == "part" ? value
                                                               : canonical_value(parsed.field, value, vocabulary));
            }
            filters.push_back(std::move(parsed));
        });
    }
    return filters;
}

bool keeps_part(const std::vector<Filter>& filters, const std::string& part) {
    return std::all_of(filters.begin(), filters.end(), [&](const Filter& filter) {
        return filter.field != "part" || agrees(filter, part.empty() ? "main" : part);
    });
}

void apply_filters(const std::vector<Filter>& filters, Part& part) {
    const std::string name = part.name.empty() ? "main" : part.name;
    for (const Filter& filter : filters) {
        std::erase_if(part.points, [&](const Point& point) {
            return !agrees(filter, filter.field == "part" ? name : get_field(point, filter.field));
        });
        std::erase_if(part.skipped, [&](const SkippedPoint& point) {
            return filter.field == "part" ? !agrees(filter, name) : !agrees_skipped(filter, point);
        });
    }
}

}  // namespace headcount
