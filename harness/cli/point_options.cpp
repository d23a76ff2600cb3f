#include "harness/cli/point_options.hpp"

#include <algorithm>

namespace headcount {

std::vector<Flag> PointOptions::flags() {
    std::vector<Flag> flags;
    for (const FieldInfo& field : point_fields()) {
        const std::string name(field.name);
        std::string option = "--" + name;
        std::replace(option.begin(), option.end(), '_', '-');
        const FlagTarget into = field.type == FieldType::boolean ? FlagTarget(&flag_[name]) : FlagTarget(&text_[name]);
        flags.push_back({.name = option, .into = into, .doc = std::string(field.doc), .group = "Problem"});
    }
    return flags;
}

PointSpec PointOptions::over(PointSpec base) const {
    // seq_len first, so that an explicit q_len or kv_len wins over it.
    for (const FieldInfo& field : point_fields()) {
        const std::string name(field.name);
        if (const auto it = text_.find(name); it != text_.end() && !it->second.empty()) {
            set_field(base, name, it->second);
        }
        if (const auto it = flag_.find(name); it != flag_.end() && it->second) set_field(base, name, "true");
    }
    return base;
}

}  // namespace headcount
