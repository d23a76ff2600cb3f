#include "harness/cli/point_options.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/measure/point/known_fields.hpp"

namespace headcount {

std::vector<Flag> PointOptions::flags(const std::vector<std::string>& without) {
    std::vector<Flag> flags;
    for (const Field& field : known_fields().all()) {
        if (std::ranges::find(without, field.name) != without.end()) continue;
        std::string option = "--" + field.name;
        std::replace(option.begin(), option.end(), '_', '-');
        const FlagTarget into =
            field.type == FieldType::boolean ? FlagTarget(&flag_[field.name]) : FlagTarget(&text_[field.name]);
        flags.push_back({.name = option, .into = into, .doc = field.doc, .group = "Problem"});
    }
    return flags;
}

PointSpec PointOptions::over(PointSpec base) const {
    // seq_len first, so that an explicit q_len or kv_len wins over it.
    for (const Field& field : known_fields().all()) {
        const std::string name(field.name);
        if (const auto it = text_.find(name); it != text_.end() && !it->second.empty()) {
            known_fields().set(base, name, it->second);
        }
        if (const auto it = flag_.find(name); it != flag_.end() && it->second) known_fields().set(base, name, "true");
    }
    return base;
}

std::pair<std::string, std::vector<PointOptions>> PointOptions::spread() const {
    std::string listed;
    for (const auto& [name, text] : text_) {
        if (text.find(',') == std::string::npos) continue;
        if (!listed.empty()) {
            throw UsageError(
                fmt::format("{} and {} both have several values; give a list to one of them", listed, name));
        }
        listed = name;
    }
    if (listed.empty()) return {"", {*this}};
    std::vector<PointOptions> each;
    std::istringstream values(text_.at(listed));
    for (std::string value; std::getline(values, value, ',');) {
        each.push_back(*this);
        each.back().text_[listed] = value;
    }
    return {listed, std::move(each)};
}

}  // namespace headcount
