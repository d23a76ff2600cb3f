// The vectors of the simd kernels where tensors are bf16: sums, softmax and scratch in f32 as ever.
#if defined(HEADCOUNT_SIMD_BF16_LANES_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADCOUNT_SIMD_BF16_LANES_INL_HPP
#undef HEADCOUNT_SIMD_BF16_LANES_INL_HPP
#else
#define HEADCOUNT_SIMD_BF16_LANES_INL_HPP
#endif

#include <cstdint>
#include <cstring>

#include <hwy/highway.h>

#include "harness/backend/simd/lanes-inl.hpp"
#include "harness/core/bfloat16.hpp"

HWY_BEFORE_NAMESPACE();
namespace headcount::simd::HWY_NAMESPACE {

/// bf16 in memory, widened to f32 before it is multiplied: for any instruction set.
struct WideLanes : FloatLanes {
    using S = BFloat16;
    static constexpr bool kPacks = true;
    using D16 = hn::Rebind<std::uint16_t, D>;
    using D32 = hn::Rebind<std::uint32_t, D>;

    using FloatLanes::load, FloatLanes::load_first, FloatLanes::store, FloatLanes::prefetch;
    static HWY_INLINE void prefetch(const S* p) { hwy::Prefetch(p); }
    static HWY_INLINE void prefetch_to_write(const S* p) { __builtin_prefetch(p, 1); }
    static HWY_INLINE V load(const S* p) { return widen(hn::LoadU(D16(), words(p))); }
    static HWY_INLINE V load_first(const S* p, std::int64_t count) {
#if HWY_TARGET <= HWY_AVX3
        return widen(hn::MaskedLoad(hn::FirstN(D16(), static_cast<std::size_t>(count)), D16(), words(p)));
#else
        S lanes[kLanes] = {};
        for (std::int64_t i = 0; i < count; ++i) lanes[i] = p[i];
        return load(lanes);
#endif
    }
    /// To nearest, ties to even, as BFloat16 does.
    static HWY_INLINE void store(V v, S* p) {
        const auto bits = hn::BitCast(D32(), v);
        const auto upper = hn::ShiftRight<16>(bits);
        const auto odd = hn::And(upper, hn::Set(D32(), 1));
        const auto nearest = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(D32(), 0x7fff))));
        const auto quiet = hn::Or(upper, hn::Set(D32(), 0x40));
        const auto is_nan = hn::RebindMask(D32(), hn::IsNaN(v));
        const hn::Rebind<std::int32_t, D> whole;
        const auto rounded = hn::BitCast(whole, hn::IfThenElse(is_nan, quiet, nearest));
        hn::StoreU(hn::DemoteTo(D16(), rounded), D16(), reinterpret_cast<std::uint16_t*>(p));
    }
    static HWY_INLINE float widened(S x) { return static_cast<float>(x); }
    static HWY_INLINE S rounded(float x) { return S(x); }

    /// to[c] = from[c * stride]
    static HWY_INLINE void pack_row(const S* from, std::int64_t stride, std::int64_t cols, float* to) {
        std::int64_t c = 0;
        if (stride == 1) {
            for (; c + kLanes <= cols; c += kLanes) store(load(from + c), to + c);
        }
        for (; c < cols; ++c) to[c] = widened(from[c * stride]);
    }
    /// kStep rows for the product that adds over rows; here one.
    static HWY_INLINE void pack_values(const S* from, const S* /*next*/, std::int64_t stride, std::int64_t cols,
                                       float* to) {
        pack_row(from, stride, cols, to);
    }

protected:
    static HWY_INLINE const std::uint16_t* words(const S* p) { return reinterpret_cast<const std::uint16_t*>(p); }
    static HWY_INLINE V widen(hn::Vec<D16> x) { return hn::BitCast(D(), hn::ShiftLeft<16>(hn::PromoteTo(D32(), x))); }
};

#ifdef HEADCOUNT_SIMD_PAIRS
/// bf16 multiplied as it is, two at a time: a lane of an operand holds a pair of neighbours in the sum, and a product
/// adds both to its lane (AVX-512 BF16, vdpbf16ps). Subnormal numbers count as zero, operands and sums alike. For
/// a file that has added avx512bf16 to the target (target_bf16.hpp).
struct PairLanes : WideLanes {
    static constexpr std::int64_t kStep = 2;

    /// c + a.first * b.first + a.second * b.second
    static HWY_INLINE V fma(V a, V b, V c) {
        return V{_mm512_dpbf16_ps(c.raw, reinterpret_cast<__m512bh>(a.raw), reinterpret_cast<__m512bh>(b.raw))};
    }
    /// Numbers of two vectors as pairs, each rounded to nearest even.
    static HWY_INLINE V pair(V first, V second) {
        const __m512bh halves = _mm512_cvtne2ps_pbh(second.raw, first.raw);  // all of `first`, then all of `second`
        const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22,
                                               6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
        return V{_mm512_castsi512_ps(_mm512_permutexvar_epi16(order, reinterpret_cast<__m512i>(halves)))};
    }

    /// Pairs along the row; the partner of an odd last element is zero.
    static HWY_INLINE void pack_row(const S* from, std::int64_t stride, std::int64_t cols, float* to) {
        std::int64_t c = 0;
        if (stride == 1) {
            for (; c + 2 * kLanes <= cols; c += 2 * kLanes) std::memcpy(to + c / 2, from + c, 4 * kLanes);
        }
        if (stride == 1 && c + kLanes <= cols) {
            std::memcpy(to + c / 2, from + c, 2 * kLanes);
            c += kLanes;
        }
        for (; c < cols; c += 2) {
            const S pair[2] = {from[c * stride], c + 1 < cols ? from[(c + 1) * stride] : S{}};
            std::memcpy(to + c / 2, pair, sizeof(pair));
        }
    }
    /// Pairs across two rows; zeros where there is no next one.
    static HWY_INLINE void pack_values(const S* from, const S* next, std::int64_t stride, std::int64_t cols,
                                       float* to) {
        std::int64_t c = 0;
        if (stride == 1 && next != nullptr) {
            for (; c + kLanes <= cols; c += kLanes) {
                const auto low = hn::PromoteTo(D32(), hn::LoadU(D16(), words(from + c)));
                const auto high = hn::PromoteTo(D32(), hn::LoadU(D16(), words(next + c)));
                store(hn::BitCast(D(), hn::Or(low, hn::ShiftLeft<16>(high))), to + c);
            }
        }
        for (; c < cols; ++c) {
            const S pair[2] = {from[c * stride], next == nullptr ? S{} : next[c * stride]};
            std::memcpy(to + c, pair, sizeof(pair));
        }
    }
};
#endif

}  // namespace headcount::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
