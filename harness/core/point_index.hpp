// Numbers points in the order in which they first appear.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <utility>

#include "harness/core/point.hpp"

namespace headcount {

/// Holds pointers, because copies of a million points or their ids would be as large as the sweep again: what was
/// added has to stay where it is while the index lives.
class PointIndex {
public:
    void reserve(std::size_t points) { numbers_.reserve(points); }
    /// Its number, counted from 0, and whether it is new.
    std::pair<std::size_t, bool> add(const Point& point) {
        const auto [place, is_new] = numbers_.try_emplace(&point, numbers_.size());
        return {place->second, is_new};
    }

private:
    struct Hash {
        std::size_t operator()(const Point* point) const { return PointHash{}(*point); }
    };
    struct Equal {
        bool operator()(const Point* a, const Point* b) const { return *a == *b; }
    };
    std::unordered_map<const Point*, std::size_t, Hash, Equal> numbers_;
};

}  // namespace headcount
