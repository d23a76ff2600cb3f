#include "harness/cli/point_options.hpp"

#include <algorithm>

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

}  // namespace headcount
