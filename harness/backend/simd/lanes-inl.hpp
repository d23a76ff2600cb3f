// The vectors that the simd kernels are written in: Highway's, for f32, on whatever instruction set this file is
// being compiled for.
#if defined(HEADCOUNT_SIMD_LANES_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADCOUNT_SIMD_LANES_INL_HPP
#undef HEADCOUNT_SIMD_LANES_INL_HPP
#else
#define HEADCOUNT_SIMD_LANES_INL_HPP
#endif

#include <cstdint>

#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace headcount::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// One vector of f32 and the operations that attention needs. CountedLanes (counted_lanes.hpp) offers the same with
/// a scalar that counts, so every kernel below can be asked what it did.
struct FloatLanes {
    using T = float;
    using S = float;  ///< of tensors in memory
    using D = hn::CappedTag<float, 16>;
    using V = hn::Vec<D>;
    static constexpr std::int64_t kLanes = hn::MaxLanes(D());
    /// Rows of a register tile of three vectors: what 16 (AVX2, SSE) or 32 (AVX-512, NEON) registers hold.
    static constexpr int kTileRows = HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 ? 4 : 8;

    /// Terms of a sum that one lane of a product's operand holds.
    static constexpr std::int64_t kStep = 1;
    /// Whether a block of keys and values is copied to scratch first, where a product takes it in another form.
    static constexpr bool kPacks = false;

    /// Told of each tile of keys that a block of queries takes. Nothing here; a test that wants the trace derives.
    static HWY_INLINE void took(std::int64_t /*key*/, std::int64_t /*count*/, bool /*masked*/) {}

    static HWY_INLINE V zero() { return hn::Zero(D()); }
    static HWY_INLINE V set(float x) { return hn::Set(D(), x); }
    /// Elements of a cache line.
    static constexpr std::int64_t kLine = 16;
    /// Asks for the cache line that holds p, which will be read soon.
    static HWY_INLINE void prefetch(const float* p) { hwy::Prefetch(p); }
    /// The same of a line that will be written.
    static HWY_INLINE void prefetch_to_write(const float* p) { __builtin_prefetch(p, 1); }
    static HWY_INLINE V load(const float* p) { return hn::LoadU(D(), p); }
    /// The first `count` lanes from adjacent elements, zeros beyond, which are not touched.
    static HWY_INLINE V load_first(const float* p, std::int64_t count) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET <= HWY_AVX3
        return hn::MaskedLoad(hn::FirstN(D(), static_cast<std::size_t>(count)), D(), p);
#else
        float lanes[kLanes] = {};
        for (std::int64_t i = 0; i < count; ++i) lanes[i] = p[i];
        return load(lanes);
#endif
    }
    static HWY_INLINE void store(V v, float* p) { hn::StoreU(v, D(), p); }
    static HWY_INLINE V mul(V a, V b) { return hn::Mul(a, b); }
    static HWY_INLINE V add(V a, V b) { return hn::Add(a, b); }
    static HWY_INLINE V sub(V a, V b) { return hn::Sub(a, b); }
    /// a * b + c
    static HWY_INLINE V fma(V a, V b, V c) { return hn::MulAdd(a, b, c); }
    static HWY_INLINE V max(V a, V b) { return hn::Max(a, b); }
    /// The next multiple of 8 that is no smaller.
    static HWY_INLINE V round_up(V a) { return hn::Mul(hn::Ceil(hn::Mul(a, set(0.125F))), set(8.0F)); }
    static HWY_INLINE bool any_less(V a, V b) { return !hn::AllFalse(D(), hn::Lt(a, b)); }
    /// `x` where key < visible, else `otherwise`.
    static HWY_INLINE V where_visible(V visible, float key, V x, V otherwise) {
        return hn::IfThenElse(hn::Lt(set(key), visible), x, otherwise);
    }
    /// 1 / x, and 0 where x is 0: a row that sees no key.
    static HWY_INLINE V reciprocal(V x) { return hn::IfThenElseZero(hn::Ne(x, zero()), hn::Div(set(1.0F), x)); }
    static HWY_INLINE V exp2(V x);
    /// The same with another polynomial(r) for 2^r, r in [kExp2From, kExp2From + 1].
    template <class P>
    static HWY_INLINE V exp2_by(V x, const P& polynomial);
    static HWY_INLINE float widened(float x) { return x; }
    static HWY_INLINE float rounded(float x) { return x; }
    static HWY_INLINE float sum_of_lanes(V x) { return hn::GetLane(hn::SumOfLanes(D(), x)); }
    static HWY_INLINE float max_of_lanes(V x) { return hn::GetLane(hn::MaxOfLanes(D(), x)); }
    /// to[t] = sum of the lanes of in[t], t < 4.
    static HWY_INLINE void store_sums(V (&in)[4], float* to) {
        transpose_blocks(in);
        store_sum_of_blocks(D(), hn::Add(hn::Add(in[0], in[1]), hn::Add(in[2], in[3])), to);
    }

    /// Columns [c, c + 4) of kLanes rows: out[t] holds column c + t, a row a lane.
    static HWY_INLINE void load_columns(const float* const* rows, std::int64_t c, V (&out)[4]) {
        out[0] = load_blocks(rows, c);
        out[1] = load_blocks(rows + 1, c);
        out[2] = load_blocks(rows + 2, c);
        out[3] = load_blocks(rows + 3, c);
        transpose_blocks(out);
    }
    /// The reverse: writes columns [c, c + 4) of `live` rows that are `row_stride` apart.
    static HWY_INLINE void store_columns(V (&in)[4], float* to, std::int64_t row_stride, std::int64_t live) {
        transpose_blocks(in);
        HWY_ALIGN float rows[4 * kLanes];
        for (int t = 0; t < 4; ++t) hn::Store(in[t], D(), rows + t * kLanes);
        const hn::CappedTag<float, 4> four;
        const auto store_row = [&](std::int64_t i) HWY_ATTR __attribute__((always_inline)) {
            hn::StoreU(hn::Load(four, rows + (i % 4) * kLanes + i / 4 * 4), four, to + i * row_stride);
        };
        if (live == kLanes) {
            for (std::int64_t i = 0; i < kLanes; ++i) store_row(i);
        } else {
            for (std::int64_t i = 0; i < live; ++i) store_row(i);
        }
    }

private:
    /// to[t] = sum of element t of every 128-bit block.
    template <class D1>
    static HWY_INLINE void store_sum_of_blocks(D1 d, hn::Vec<D1> x, float* to) {
        if constexpr (hn::MaxLanes(D1()) <= 4) {
            hn::StoreU(x, d, to);
        } else {
            const hn::Half<D1> half;
            store_sum_of_blocks(half, hn::Add(hn::LowerHalf(half, x), hn::UpperHalf(half, x)), to);
        }
    }
    /// Four floats from every fourth row: block b of the result is rows[4 * b][c .. c + 4).
    static HWY_INLINE V load_blocks(const float* const* rows, std::int64_t c) {
        V v = hn::LoadDup128(D(), rows[0] + c);
        if constexpr (kLanes >= 8) v = hn::OddEvenBlocks(hn::LoadDup128(D(), rows[4] + c), v);
        if constexpr (kLanes >= 16) {
            const V upper = hn::OddEvenBlocks(hn::LoadDup128(D(), rows[12] + c), hn::LoadDup128(D(), rows[8] + c));
            v = hn::ConcatUpperLower(D(), upper, v);
        }
        return v;
    }
    /// Transposes the four-by-four matrix that each 128-bit block of the four vectors holds.
    static HWY_INLINE void transpose_blocks(V (&v)[4]) {
        const hn::Repartition<std::uint64_t, D> pairs;
        const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(D(), v[0], v[1]));
        const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(D(), v[2], v[3]));
        const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(D(), v[0], v[1]));
        const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(D(), v[2], v[3]));
        v[0] = hn::BitCast(D(), hn::InterleaveLower(pairs, low01, low23));
        v[1] = hn::BitCast(D(), hn::InterleaveUpper(pairs, low01, low23));
        v[2] = hn::BitCast(D(), hn::InterleaveLower(pairs, high01, high23));
        v[3] = hn::BitCast(D(), hn::InterleaveUpper(pairs, high01, high23));
    }
};

// Where an instruction scales by 2^floor(x), x is reduced to [0, 1), elsewhere to [-0.5, 0.5]. 2^r is nearly the sum of
// kExp2[k] r^k: the minimax polynomials of degree 5 with p(0) = 1 on these intervals, found by Lawson's iteration.
// Their own errors are 8.2e-8 and 9.1e-8; with rounding they err by 2.4 and 2.0 ulp. Degree 4 would err by 49 and 43
// ulp, degree 6 by 1 (tests/backend/exp_degrees_test.cpp finds these coefficients again, and others).
#if HWY_TARGET <= HWY_AVX3
inline constexpr float kExp2From = 0;
inline constexpr float kExp2[] = {1.0F, 0.6931513F, 0.24016444F, 0.055799913F, 0.009017031F, 0.00186713F};
#else
inline constexpr float kExp2From = -0.5F;
inline constexpr float kExp2[] = {1.0F, 0.693147F, 0.24022242F, 0.055507336F, 0.009671513F, 0.0013264728F};
#endif

HWY_INLINE FloatLanes::V exp2_polynomial(FloatLanes::V r) {
    using L = FloatLanes;
    L::V p = L::set(kExp2[5]);
    p = L::fma(p, r, L::set(kExp2[4]));
    p = L::fma(p, r, L::set(kExp2[3]));
    p = L::fma(p, r, L::set(kExp2[2]));
    p = L::fma(p, r, L::set(kExp2[1]));
    return L::fma(p, r, L::set(kExp2[0]));
}

/// The larger of x and `lowest`; NaN stays NaN, which Arm's maximum of a number and NaN does not.
HWY_INLINE FloatLanes::V at_least(FloatLanes::V lowest, FloatLanes::V x) {
#if HWY_ARCH_X86
    return hn::Max(lowest, x);  // x86 returns the second operand where one is NaN
#else
    return hn::IfThenElse(hn::Lt(x, lowest), lowest, x);
#endif
}

/// 2^x for x <= 0. Exact for whole x down to -126; below that at most 2^-126 (next to a largest weight of at least 2^-9
/// it is nothing). NaN stays NaN.
HWY_INLINE FloatLanes::V FloatLanes::exp2(V x) {
    return exp2_by(
        x, [](V r) HWY_ATTR __attribute__((always_inline)) { return exp2_polynomial(r); });
}

template <class P>
HWY_INLINE FloatLanes::V FloatLanes::exp2_by(V x, const P& polynomial) {
#if HWY_TARGET <= HWY_AVX3
    // Both instructions take what is far below (the first gives 0 for minus infinity), so nothing has to be bounded:
    // with a bound and rounding to nearest the core with 32 heads took 3 % longer (Zen 5).
    constexpr int kLessFloor = 1;
    return V{_mm512_scalef_ps(polynomial(V{_mm512_reduce_ps(x.raw, kLessFloor)}).raw, x.raw)};
#else
    const V bounded = at_least(set(-126.0F), x);
    // Adding 1.5 * 2^23 rounds to the nearest whole number and leaves it in the low bits; 127 more, and these are the
    // exponent of 2^n. A product with it, unlike a sum of bits, keeps every NaN one.
    const V shifter = set(12582912.0F + 127.0F);
    const V shifted = hn::Add(bounded, shifter);
    const V p = polynomial(hn::Sub(bounded, hn::Sub(shifted, shifter)));
    const hn::RebindToSigned<D> whole;
    return hn::Mul(p, hn::BitCast(D(), hn::ShiftLeft<23>(hn::BitCast(whole, shifted))));
#endif
}

}  // namespace headcount::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
