// The register tile that every product is made of.
#if defined(HEADCOUNT_SIMD_TILE_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADCOUNT_SIMD_TILE_INL_HPP
#undef HEADCOUNT_SIMD_TILE_INL_HPP
#else
#define HEADCOUNT_SIMD_TILE_INL_HPP
#endif

#include <cstdint>
#include <type_traits>
#include <utility>

#include <hwy/highway.h>

// For lambdas: compiled for the same instruction set as what calls them, and part of it whatever the compiler thinks
// of its size; a call in a register tile would send every vector through memory. Under the address sanitizer each
// access is a branch, and functions made of so many take clang minutes: there the compiler decides.
#undef HEADCOUNT_INLINED
#if HWY_IS_ASAN
#define HEADCOUNT_INLINED HWY_ATTR
#else
#define HEADCOUNT_INLINED HWY_ATTR __attribute__((always_inline))
#endif

HWY_BEFORE_NAMESPACE();
namespace headcount::simd::HWY_NAMESPACE {

template <class F, int... I>
HWY_INLINE void unrolled(F&& f, std::integer_sequence<int, I...> /*indices*/) {
    (f(std::integral_constant<int, I>{}), ...);
}
/// Calls f(0), ..., f(kCount - 1) with constants. Loops, even unrolled ones, make g++ 12 keep arrays of vectors in
/// memory; constants keep them in registers.
template <int kCount, class F>
HWY_INLINE void unrolled(F&& f) {
    unrolled(f, std::make_integer_sequence<int, kCount>{});
}

/// kRows rows of kVectors vectors of accumulators.
template <class L, int kRows, int kVectors>
struct Tile {
    typename L::V v[kRows * kVectors];

    template <class F>
    HWY_INLINE void fill(const F& f) {
        unrolled<kRows * kVectors>([&](auto i) HEADCOUNT_INLINED { v[i] = f(i); });
    }
    /// f(index, vector) for every vector, row by row.
    template <class F>
    HWY_INLINE void each(const F& f) const {
        unrolled<kRows * kVectors>([&](auto i) HEADCOUNT_INLINED { f(i, v[i]); });
    }
};

/// tile[i] += sum over k of a[i * row_stride + k * col_stride] * b[k * kVectors * lanes ...]: a row of `a` is
/// broadcast from where it lies, whatever its strides; `b` is a panel, kVectors whole vectors for each k.
template <class L, int kRows, int kVectors>
HWY_INLINE void multiply_add(Tile<L, kRows, kVectors>& tile, const typename L::T* a, std::int64_t row_stride,
                             std::int64_t col_stride, const typename L::T* b, std::int64_t count) {
    using V = typename L::V;
    for (std::int64_t k = 0; k < count; ++k) {
        V panel[kVectors];
        unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED { panel[j] = L::load(b + j * L::kLanes); });
        unrolled<kRows>([&](auto i) HEADCOUNT_INLINED {
            const V x = L::set(a[i * row_stride]);
            unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED {
                tile.v[i * kVectors + j] = L::fma(x, panel[j], tile.v[i * kVectors + j]);
            });
        });
        a += col_stride;
        b += kVectors * L::kLanes;
    }
}

/// The same, and before each cache line of a row of `a` it calls ahead(k): the place to ask for what comes next. Spread
/// so, asking costs nothing; in one piece before a tile it cost 3 %.
template <class L, int kRows, int kVectors, class F>
HWY_INLINE void multiply_add(Tile<L, kRows, kVectors>& tile, const typename L::T* a, std::int64_t row_stride,
                             std::int64_t col_stride, const typename L::T* b, std::int64_t count, const F& ahead) {
    std::int64_t k = 0;
    for (; k + L::kLine <= count; k += L::kLine) {
        ahead(k);
        multiply_add(tile, a + k * col_stride, row_stride, col_stride, b + k * kVectors * L::kLanes, L::kLine);
    }
    if (k == count) return;
    ahead(k);
    multiply_add(tile, a + k * col_stride, row_stride, col_stride, b + k * kVectors * L::kLanes, count - k);
}

/// Calls f(first, rows) over [0, count) with `rows` a constant: whole tiles, then what halves leave.
template <class L, class F>
HWY_INLINE void in_tiles(std::int64_t count, const F& f) {
    std::int64_t i = 0;
    for (; i + L::kTileRows <= count; i += L::kTileRows) f(i, std::integral_constant<int, L::kTileRows>{});
    if constexpr (L::kTileRows > 4) {
        if (count - i >= 4) f(i, std::integral_constant<int, 4>{}), i += 4;
    }
    if (count - i >= 2) f(i, std::integral_constant<int, 2>{}), i += 2;
    if (count - i >= 1) f(i, std::integral_constant<int, 1>{});
}

}  // namespace headcount::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
