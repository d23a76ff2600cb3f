// What a point's variant and backend add to its fields: options by name, with their values.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headcount {

struct Setting {
    std::string name;
    std::string text;         ///< canonical
    bool is_default = false;  ///< ids leave it out
    friend bool operator==(const Setting& a, const Setting& b) { return a.name == b.name && a.text == b.text; }
};

/// Every option that the point's variant and backend declare, those at their default too, sorted by name: a point
/// tells all its values without the table that it was made with. Copies share; nothing changes once made.
class Settings {
public:
    Settings() = default;
    /// Sorts.
    explicit Settings(std::vector<Setting> settings);

    /// Null for an option that this point does not have.
    const std::string* find(std::string_view name) const;
    const std::vector<Setting>& all() const;
    std::size_t hash() const;
    friend bool operator==(const Settings& a, const Settings& b) {
        return a.settings_ == b.settings_ || a.all() == b.all();
    }

private:
    std::shared_ptr<const std::vector<Setting>> settings_;
};

}  // namespace headcount
