// A matrix product, as the simd kernel wants it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "harness/backend/simd/stream.hpp"

namespace headcount::simd {

/// What a mask lets a product leave out: columns of c that no row of a tile sees, or columns of `a` (rows of b).
enum class Skip : std::uint8_t { nothing, output, depth };

/// c = [scale *] a @ b [+ bias], or added to c; elements of c that are left out are not written.
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
    Skip skip = Skip::nothing;
    std::int64_t visible = 0;  ///< columns that row 0 sees; each further row sees one more
    bool accumulate = false;   ///< c += instead of c =; without bias, not scaled
    /// The factor is applied to packed panels, not to sums: for a product that is added up, because a factor on the way
    /// into c would scale what is there. Asked about in a tile, both cost 6 % with 16 terms a product.
    bool panel_scaled = false;

    /// Columns that some row of [row, row + rows) sees.
    std::int64_t visible_to(std::int64_t row, std::int64_t count) const {
        return std::max<std::int64_t>(visible + row + count - 1, 0);
    }
};

/// Rows of the tile that begins with `left` rows to go, in kernels whose tiles have up to `tile_rows`: 8 or 4.
constexpr std::int64_t rows_of_tile(std::int64_t left, std::int64_t tile_rows) {
    for (std::int64_t rows = tile_rows; rows > 1; rows /= 2) {
        if (left >= rows) return rows;
    }
    return 1;
}

constexpr std::int64_t product_scratch_elements(std::int64_t lanes, std::int64_t panel_depth) {
    return panel_depth * kMostVectors * lanes;
}

}  // namespace headcount::simd
