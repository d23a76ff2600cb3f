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

HWY_BEFORE_NAMESPACE();
namespace headcount::simd::HWY_NAMESPACE {

/// panel[c * kVectors * lanes + i] = factor * x[i, c] for `rows` rows and `cols` columns of x; lanes beyond `rows`
/// repeat the last row, so that they hold ordinary numbers.
template <class L, int kVectors>
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
                unrolled<4>([&](auto t)
                                HEADCOUNT_INLINED { L::store(L::mul(columns[t], factors), to + (c + t) * kWidth); });
            }
        }
        for (; c < cols; ++c) {
            for (std::int64_t i = 0; i < L::kLanes; ++i) to[c * kWidth + i] = lane_rows[i][c * col_stride] * factor;
        }
    }
}

/// The reverse, for `rows` rows: x[i, c] = panel[c, i] * factors[i].
template <class L, int kVectors>
HWY_INLINE void unpack_rows(const typename L::T* panel, const typename L::V (&factors)[kVectors], std::int64_t rows,
                            std::int64_t cols, typename L::T* x, std::int64_t row_stride, std::int64_t col_stride) {
    using V = typename L::V;
    constexpr std::int64_t kWidth = kVectors * L::kLanes;
    for (int j = 0; j < kVectors; ++j) {
        const std::int64_t live = std::min(L::kLanes, rows - j * L::kLanes);
        const typename L::T* const from = panel + j * L::kLanes;
        typename L::T* const to = x + j * L::kLanes * row_stride;
        std::int64_t c = 0;
        if (col_stride == 1) {
            for (; c + 4 <= cols; c += 4) {
                V columns[4];
                unrolled<4>([&](auto t)
                                HWY_ATTR { columns[t] = L::mul(L::load(from + (c + t) * kWidth), factors[j]); });
                L::store_columns(columns, to + c, row_stride, live);
            }
        }
        for (; c < cols; ++c) {
            typename L::T column[L::kLanes];
            L::store(L::mul(L::load(from + c * kWidth), factors[j]), column);
            for (std::int64_t i = 0; i < live; ++i) to[i * row_stride + c * col_stride] = column[i];
        }
    }
}

}  // namespace headcount::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
