// A mask that a variant makes itself: a window of keys and the first ones.
#pragma once

#include <algorithm>
#include <cstdint>

#include "harness/core/mask.hpp"

namespace headcount {

/// The last numbers[0] keys up to a query's own, and the first numbers[1] ones; aligned at the end.
inline Keys window_of_keys(const Mask::Numbers& numbers, std::int64_t row, std::int64_t q_len, std::int64_t kv_len) {
    const std::int64_t own = kv_len - q_len + row;
    return {.first = own - numbers[0] + 1, .last = own + 1, .sink = std::min(numbers[1], own + 1)};
}
inline Mask window_mask(std::int64_t keys, std::int64_t first_keys) {
    return {.rule = window_of_keys, .numbers = {keys, first_keys}};
}

}  // namespace headcount
