// What must come one after the other: found by running a layer on numbers that know what they depend on.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "harness/core/point.hpp"

namespace headcount {

/// A property of an algorithm that is no sum over its verbs. A step is one call of a verb, however much it computes at
/// once: a product or a sum is one, as in Vaswani et al. 2017.
struct DependencyMetric {
    std::string_view name, doc;
    std::int64_t (*of)(const Point& point);
};

/// sequential_operations, path_length, dilated_path_length.
const std::vector<DependencyMetric>& dependency_metrics();

/// Of one of them; nothing for another name. Throws UsageError for a point that cannot run, that is no layer of one
/// sequence (x_kv is x_q), that is too large to be followed number by number, or whose layers have no dilated network.
std::optional<std::int64_t> dependency_metric(const Point& point, std::string_view name);

}  // namespace headcount
