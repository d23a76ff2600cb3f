// A window whose dimensions have changed places; no copy.
#pragma once

#include <cstddef>
#include <utility>

#include "harness/core/tensor.hpp"

namespace headcount {

/// Two of the five dimensions exchanged, named by their places in `extent`.
inline Tensor swapped(Tensor t, std::size_t first, std::size_t second) {
    std::swap(t.extent.at(first), t.extent.at(second));
    std::swap(t.stride.at(first), t.stride.at(second));
    return t;
}

}  // namespace headcount
