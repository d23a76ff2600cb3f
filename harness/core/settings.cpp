#include "harness/core/settings.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace headcount {

Settings::Settings(std::vector<Setting> settings) {
    if (settings.empty()) return;
    std::sort(settings.begin(), settings.end(), [](const Setting& a, const Setting& b) { return a.name < b.name; });
    settings_ = std::make_shared<const std::vector<Setting>>(std::move(settings));
}

const std::vector<Setting>& Settings::all() const {
    static const std::vector<Setting> none;
    return settings_ ? *settings_ : none;
}

const std::string* Settings::find(std::string_view name) const {
    for (const Setting& setting : all()) {
        if (setting.name == name) return &setting.text;
    }
    return nullptr;
}

std::size_t Settings::hash() const {
    std::size_t hash = 0;
    for (const Setting& setting : all()) {
        hash = hash * 31 + std::hash<std::string>{}(setting.name);
        hash = hash * 31 + std::hash<std::string>{}(setting.text);
    }
    return hash;
}

}  // namespace headcount
