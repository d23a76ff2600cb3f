// How a verb that carries a state goes along the length: which row it comes to, and what it has taken in by then.
#pragma once

#include <algorithm>
#include <cstdint>

namespace headcount {

/// `rows` rows that read and `keys` rows that are taken in, both ending at the same place, as a causal mask has it: row
/// i has taken in key j when j - keys <= i - rows. Backwards it goes from the end, and row i has taken in key j when
/// j - keys >= i - rows; that is the order in which derivatives of the other come.
struct AlongLength {
    std::int64_t rows, keys;
    bool backwards = false;

    std::int64_t row(std::int64_t step) const { return backwards ? rows - 1 - step : step; }
    std::int64_t key(std::int64_t step) const { return backwards ? keys - 1 - step : step; }
    /// Keys that have been taken in when the row of this step is read.
    std::int64_t taken(std::int64_t step) const {
        return std::clamp<std::int64_t>(backwards ? step + 1 : keys - rows + step + 1, 0, keys);
    }
    /// All keys that are taken in, and rows that are read after one was.
    std::int64_t all_taken() const { return taken(rows - 1); }
    std::int64_t live_rows() const { return backwards ? rows : std::min(rows, keys); }
};

}  // namespace headcount
