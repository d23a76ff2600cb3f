// A matrix product, as the simd kernel wants it.
#pragma once

#include <cstdint>

#include "harness/backend/simd/stream.hpp"

namespace headcount::simd {

/// Rows of b that one panel holds: 1024 x 48 floats are 192 KiB, which second-level caches hold beside the rows of a.
/// With 512 a product over 768 took 3 to 4 % longer, since its sums went through memory once more.
inline constexpr std::int64_t kPanelDepth = 1024;

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
    T* panel;  ///< scratch: product_scratch_elements()
};

constexpr std::int64_t product_scratch_elements(std::int64_t lanes) { return kPanelDepth * kMostVectors * lanes; }

}  // namespace headcount::simd
