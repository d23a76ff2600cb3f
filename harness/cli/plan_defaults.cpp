#include "harness/cli/plan_defaults.hpp"

#include <algorithm>
#include <set>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/core/base_fields.hpp"
#include "harness/sweep/keys.hpp"

namespace headcount {
namespace {

bool sets(const Part& part, const std::string& field) {
    const auto named = [&](const std::string& other) { return other == field || one_sets_the_other(other, field); };
    return std::ranges::any_of(part.axes, named) || std::ranges::any_of(part.fixed, named);
}

/// "256|512": the values of an option at those points that have it and leave it at its default.
std::string option_values(const Part& part, const std::string& field) {
    std::set<std::string> values;
    for (const Point& point : part.points) {
        if (const std::string* value = point.own.find(field)) values.insert(*value);
    }
    return fmt::format("{}", fmt::join(values, "|"));
}

/// What the field is where the part does not set it; "" where that says nothing.
std::string filled_in(const Sweep& sweep, const Part& part, const Field& field) {
    if (sets(part, field.name) || field.is_alias()) return {};
    if (sweep.fields.is_own(field.name)) {
        const std::string values = option_values(part, field.name);
        return values.empty() ? values : field.name + "=" + values;
    }
    // Of the order and the data of the run, which `seed` of the config sets.
    if (field.facet == Facet::data) return {};
    if (!field.otherwise.empty()) return field.name + "=" + field.otherwise;
    if (field.follows.empty()) return {};
    return fmt::format("{} from {}", field.name, fmt::join(field.follows, " and "));
}

}  // namespace

std::string fields_by_default(const Sweep& sweep) {
    std::vector<const Part*> parts;
    for (const Part& part : sweep.parts) {
        if (!part.points.empty() || !part.skipped.empty()) parts.push_back(&part);
    }
    std::vector<std::string> all;
    for (const Field& field : sweep.fields.all()) {
        std::vector<std::string> texts;
        std::size_t left_open = 0;
        for (const Part* part : parts) {
            const std::string text = filled_in(sweep, *part, field);
            if (text.empty()) continue;
            ++left_open;
            if (std::ranges::find(texts, text) == texts.end()) texts.push_back(text);
        }
        if (texts.empty()) continue;
        std::string one = fmt::format("{}", fmt::join(texts, " or "));
        if (left_open < parts.size()) one += fmt::format(" (in {} of {} parts)", left_open, parts.size());
        all.push_back(std::move(one));
    }
    return fmt::format("{}", fmt::join(all, ", "));
}

std::string protocol_by_default(const Sweep& sweep) {
    std::vector<std::string> all;
    for (const ProtocolKey& key : protocol_keys()) {
        if (sweep.protocol_given.contains(key.name)) continue;
        const auto value = [&]<class T>(T Protocol::*member) { return fmt::format("{}", sweep.protocol.*member); };
        all.push_back(fmt::format("{}={}", key.name, std::visit(value, key.member)));
    }
    return fmt::format("{}", fmt::join(all, ", "));
}

}  // namespace headcount
