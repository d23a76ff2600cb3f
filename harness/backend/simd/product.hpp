// A matrix product, as the simd kernel wants it.
#pragma once

#include <cstdint>

#include "harness/backend/simd/stream.hpp"

namespace headcount::simd {

/// c = [scale *] a @ b [+ bias]
template <class T>
struct Product {
    View<const T> a;  ///< [rows, depth]
    View<const T> b;  ///< [depth, cols]
    View<T> c;        ///< [rows, cols]
    std::int64_t rows, depth;
    bool scaled;
    T scale;
    const T* bias;  ///< [cols] at bias_stride, or null
    std::int64_t bias_stride;
    std::int64_t panel_depth;  ///< rows of b that one panel holds; a deeper product adds up in c
    T* panel;                  ///< scratch: product_scratch_elements()
};

constexpr std::int64_t product_scratch_elements(std::int64_t lanes, std::int64_t panel_depth) {
    return panel_depth * kMostVectors * lanes;
}

}  // namespace headcount::simd
