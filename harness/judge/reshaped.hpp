// A step that computes nothing: the same numbers in rows of another length.
#pragma once

#include <cstdint>
#include <utility>

#include "harness/judge/known.hpp"

namespace headcount::judge {

/// x [rows * cols numbers] read row by row as [rows, cols].
template <class T>
Known<T> reshaped(Known<T> x, std::int64_t rows, std::int64_t cols) {
    x.rows = rows;
    x.cols = cols;
    return x;
}

}  // namespace headcount::judge
