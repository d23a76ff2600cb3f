// Matrix products over packed panels.
#if defined(HEADCOUNT_SIMD_PRODUCT_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADCOUNT_SIMD_PRODUCT_INL_HPP
#undef HEADCOUNT_SIMD_PRODUCT_INL_HPP
#else
#define HEADCOUNT_SIMD_PRODUCT_INL_HPP
#endif

#include <algorithm>
#include <cstdint>

#include <hwy/highway.h>

#include "harness/backend/simd/panel-inl.hpp"
#include "harness/backend/simd/product.hpp"
#include "harness/backend/simd/tile-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace headcount::simd::HWY_NAMESPACE {

/// panel[k, j] *= factor, all of `depth` rows. Not inlined: beside the tiles' loop it changed what g++ 12 keeps in
/// registers there, and scores with 32 heads took 8 % longer without ever calling it.
template <class L, int kVectors>
HWY_NOINLINE void scale_panel(typename L::T factor, std::int64_t depth, typename L::T* panel) {
    for (std::int64_t i = 0; i < depth * kVectors; ++i, panel += L::kLanes) {
        L::store(L::mul(L::load(panel), L::set(factor)), panel);
    }
}

/// panel[k, j] = b[k, j] for `cols` columns, zero beyond: kVectors vectors for each k.
template <class L, int kVectors>
HWY_INLINE void pack_panel(const View<const typename L::T>& b, std::int64_t depth, std::int64_t cols,
                           typename L::T* panel) {
    constexpr std::int64_t kWidth = kVectors * L::kLanes;
    if (b.row_stride == 1) {  // columns lie in one piece: they are the rows of b's transpose
        pack_rows<L, kVectors>(b.data, b.col_stride, b.row_stride, cols, depth, static_cast<typename L::T>(1.0F),
                               panel);
        return;
    }
    for (std::int64_t k = 0; k < depth; ++k, panel += kWidth) {
        const typename L::T* const row = b.data + k * b.row_stride;
        if (b.col_stride == 1 && cols == kWidth) {
            unrolled<kVectors>(
                [&](auto j) HEADCOUNT_INLINED { L::store(L::load(row + j * L::kLanes), panel + j * L::kLanes); });
        } else {
            for (std::int64_t j = 0; j < cols; ++j) panel[j] = row[j * b.col_stride];
            std::fill(panel + cols, panel + kWidth, typename L::T{});
        }
    }
}

/// The columns of one panel: c[.., 0 .. cols) of `p`, all rows.
template <class L, int kVectors>
HWY_INLINE void product_panel(const Product<typename L::T>& p, std::int64_t first_col, std::int64_t cols) {
    using T = typename L::T;
    using V = typename L::V;
    constexpr std::int64_t kWidth = kVectors * L::kLanes;
    T bias[kWidth] = {};
    if (p.bias != nullptr) {
        for (std::int64_t j = 0; j < cols; ++j) bias[j] = p.bias[(first_col + j) * p.bias_stride];
    }
    for (std::int64_t k = 0; k < p.depth; k += p.panel_depth) {
        const std::int64_t depth = std::min(p.panel_depth, p.depth - k);
        const bool last = k + depth == p.depth;
        pack_panel<L, kVectors>(
            {p.b.data + k * p.b.row_stride + first_col * p.b.col_stride, p.b.row_stride, p.b.col_stride}, depth, cols,
            p.panel);
        if (p.panel_scaled) scale_panel<L, kVectors>(p.scale, depth, p.panel);
        const bool fresh = k == 0 && !p.accumulate;
        in_tiles<L>(p.rows, [&](std::int64_t row, auto rows) HEADCOUNT_INLINED {
            constexpr int kRows = rows();
            const std::int64_t seen = p.visible_to(row, kRows);
            if (p.skip == Skip::output && seen <= first_col) return;
            const std::int64_t live = p.skip == Skip::depth ? std::clamp<std::int64_t>(seen - k, 0, depth) : depth;
            T* const c = p.c.data + row * p.c.row_stride + first_col * p.c.col_stride;
            const bool whole = p.c.col_stride == 1 && cols == kWidth;
            Tile<L, kRows, kVectors> tile;
            if (fresh) {
                tile.fill([](int /*i*/) HEADCOUNT_INLINED { return L::zero(); });
            } else if (whole) {
                tile.fill([&](auto i) HEADCOUNT_INLINED {
                    return L::load(c + i / kVectors * p.c.row_stride + i % kVectors * L::kLanes);
                });
            } else {
                T before[kRows * kWidth] = {};
                for (std::int64_t i = 0; i < kRows; ++i) {
                    for (std::int64_t j = 0; j < cols; ++j) {
                        before[i * kWidth + j] = c[i * p.c.row_stride + j * p.c.col_stride];
                    }
                }
                tile.fill([&](auto i) HEADCOUNT_INLINED { return L::load(before + i * L::kLanes); });
            }
            const T* const a = p.a.data + row * p.a.row_stride + k * p.a.col_stride;
            const std::int64_t to_next = std::min<std::int64_t>(kRows, p.rows - kRows - row) * p.a.row_stride;
            multiply_add(tile, a, p.a.row_stride, p.a.col_stride, p.panel, live,
                         [&](std::int64_t step) HEADCOUNT_INLINED {
                             for (int i = 0; i < kRows; ++i) {
                                 L::prefetch(a + to_next + i * p.a.row_stride + step * p.a.col_stride);
                             }
                         });
            if (last && p.scaled) {
                tile.fill([&](auto i) HEADCOUNT_INLINED { return L::mul(tile.v[i], L::set(p.scale)); });
            }
            if (last && p.bias != nullptr) {
                tile.fill([&](auto i) HEADCOUNT_INLINED {
                    return L::add(tile.v[i], L::load(bias + i % kVectors * L::kLanes));
                });
            }
            if (whole) {
                tile.each([&](auto i, V sum) HEADCOUNT_INLINED {
                    L::store(sum, c + i / kVectors * p.c.row_stride + i % kVectors * L::kLanes);
                });
                return;
            }
            T after[kRows * kWidth];
            tile.each([&](auto i, V sum) HEADCOUNT_INLINED { L::store(sum, after + i * L::kLanes); });
            for (std::int64_t i = 0; i < kRows; ++i) {
                for (std::int64_t j = 0; j < cols; ++j) {
                    c[i * p.c.row_stride + j * p.c.col_stride] = after[i * kWidth + j];
                }
            }
        });
    }
}

/// One panel of a product, with as few vectors as its columns need.
template <class L>
HWY_INLINE void multiply_panel(const Product<typename L::T>& p, std::int64_t first_col, std::int64_t cols) {
    switch ((cols + L::kLanes - 1) / L::kLanes) {
        case 1: product_panel<L, 1>(p, first_col, cols); return;
        case 2: product_panel<L, 2>(p, first_col, cols); return;
        default: product_panel<L, kMostVectors>(p, first_col, cols); return;
    }
}

}  // namespace headcount::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
