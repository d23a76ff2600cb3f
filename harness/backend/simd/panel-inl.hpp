// Panels: rows laid into the lanes of vectors, so that a product reads whole vectors in one piece.
#if defined(HEADCOUNT_SIMD_PANEL_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADCOUNT_SIMD_PANEL_INL_HPP
#undef HEADCOUNT_SIMD_PANEL_INL_HPP
#else
#define HEADCOUNT_SIMD_PANEL_INL_HPP
#endif

#include <algorithm>
#include <cstdint>

#include <hwy/highway.h>

#include "harness/backend/simd/tile-inl.hpp"
#include "harness/core/bfloat16.hpp"

HWY_BEFORE_NAMESPACE();
namespace headcount::simd::HWY_NAMESPACE {

/// panel[c * kVectors * lanes + i] = factor * x[i, c] (or x[i, c], not kScaled) for `rows` rows and `cols` columns of
/// x; lanes beyond `rows` repeat the last row, so that they hold ordinary numbers.
template <class L, int kVectors, bool kScaled = true>
HWY_INLINE void pack_rows(const typename L::T* x, std::int64_t row_stride, std::int64_t col_stride, std::int64_t rows,
                          std::int64_t cols, typename L::T factor, typename L::T* panel) {
    using V = typename L::V;
    constexpr std::int64_t kWidth = kVectors * L::kLanes;
    const V factors = L::set(factor);
    for (int j = 0; j < kVectors; ++j) {
        const typename L::T* lane_rows[L::kLanes];
        for (std::int64_t i = 0; i < L::kLanes; ++i) {
            lane_rows[i] = x + std::min(j * L::kLanes + i, rows - 1) * row_stride;
        }
        typename L::T* const to = panel + j * L::kLanes;
        std::int64_t c = 0;
        if (col_stride == 1) {
            for (; c + 4 <= cols; c += 4) {
                V columns[4];
                L::load_columns(lane_rows, c, columns);
                unrolled<4>([&](auto t) HEADCOUNT_INLINED {
                    L::store(kScaled ? L::mul(columns[t], factors) : columns[t], to + (c + t) * kWidth);
                });
            }
        }
        for (; c < cols; ++c) {
            for (std::int64_t i = 0; i < L::kLanes; ++i) {
                const typename L::T element = lane_rows[i][c * col_stride];
                to[c * kWidth + i] = kScaled ? element * factor : element;
            }
        }
    }
}

/// The reverse, for `live` rows of one vector of a panel `width` wide: x[i, c] = panel[c, i] * factor[i].
template <class L>
HWY_INLINE void unpack_vector(const typename L::T* from, std::int64_t width, typename L::V factor, std::int64_t live,
                              std::int64_t cols, typename L::T* to, std::int64_t row_stride, std::int64_t col_stride) {
    using V = typename L::V;
    std::int64_t c = 0;
    if (col_stride == 1) {
        for (; c + 4 <= cols; c += 4) {
            V columns[4];
            unrolled<4>([&](auto t) HWY_ATTR { columns[t] = L::mul(L::load(from + (c + t) * width), factor); });
            L::store_columns(columns, to + c, row_stride, live);
        }
    }
    for (; c < cols; ++c) {
        typename L::T column[L::kLanes];
        L::store(L::mul(L::load(from + c * width), factor), column);
        for (std::int64_t i = 0; i < live; ++i) to[i * row_stride + c * col_stride] = column[i];
    }
}

/// The same into tensors of another type: some columns at a time become rows of f32, which are rounded.
template <class L>
HWY_INLINE void unpack_vector(const typename L::T* from, std::int64_t width, typename L::V factor, std::int64_t live,
                              std::int64_t cols, BFloat16* to, std::int64_t row_stride, std::int64_t col_stride) {
    for (std::int64_t c = 0; c < cols; c += L::kLanes) {
        const std::int64_t count = std::min(L::kLanes, cols - c);
        typename L::T rows[L::kLanes * L::kLanes];
        unpack_vector<L>(from + c * width, width, factor, live, count, rows, L::kLanes, 1);
        for (std::int64_t i = 0; i < live; ++i) {
            const typename L::T* const row = rows + i * L::kLanes;
            BFloat16* const place = to + i * row_stride + c * col_stride;
            if (count == L::kLanes && col_stride == 1) {
                L::store(L::load(row), place);
            } else {
                for (std::int64_t t = 0; t < count; ++t) place[t * col_stride] = L::rounded(row[t]);
            }
        }
    }
}

/// All vectors of a panel, for `rows` rows: x[i, c] = panel[c, i] * factors[i].
template <class L, int kVectors>
HWY_INLINE void unpack_rows(const typename L::T* panel, const typename L::V (&factors)[kVectors], std::int64_t rows,
                            std::int64_t cols, typename L::S* x, std::int64_t row_stride, std::int64_t col_stride) {
    for (int j = 0; j < kVectors; ++j) {
        const std::int64_t live = std::min(L::kLanes, rows - j * L::kLanes);
        unpack_vector<L>(panel + j * L::kLanes, kVectors * L::kLanes, factors[j], live, cols,
                         x + j * L::kLanes * row_stride, row_stride, col_stride);
    }
}

}  // namespace headcount::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
