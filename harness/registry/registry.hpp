// From a folder to a list: what the generated registries return and how to look something up.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/core/error.hpp"
#include "harness/core/names.hpp"

namespace headcount {

/// One entry: the file's name and what its function returned.
template <class T>
struct Named {
    std::string name;
    T value;
};

template <class T>
std::vector<std::string> names_of(const std::vector<Named<T>>& all) {
    std::vector<std::string> names;
    names.reserve(all.size());
    for (const auto& entry : all) names.push_back(entry.name);
    return names;
}

/// Throws UsageError naming the nearest known entry; `what` is "variant", "backend" ...
template <class T>
const T& find_named(const std::vector<Named<T>>& all, std::string_view name, std::string_view what) {
    for (const auto& entry : all) {
        if (entry.name == name) return entry.value;
    }
    throw UsageError(unknown_name(what, name, names_of(all)));
}

}  // namespace headcount
