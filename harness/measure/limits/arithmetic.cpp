#include "harness/measure/limits/arithmetic.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/measure/limits/arithmetic.cpp"
// clang-format off
#include "harness/backend/targets.hpp"
#include "harness/backend/simd/target_bf16.hpp"
// clang-format on
#include "harness/backend/simd/kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace headcount::limits::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// `count` steps of 12 independent chains: enough to hide a latency of 4 cycles on two units, and few enough
/// to stay in the registers of every instruction set. Returns the operations done.
template <class T>
double fma_kernel(long count, T* sink) {
    const hn::ScalableTag<T> d;
    using V = hn::Vec<decltype(d)>;
    const V a = hn::Set(d, T(0.999)), b = hn::Set(d, T(0.001));
    V x0 = hn::Iota(d, T(0)), x1 = hn::Iota(d, T(1)), x2 = hn::Iota(d, T(2)), x3 = hn::Iota(d, T(3));
    V x4 = hn::Iota(d, T(4)), x5 = hn::Iota(d, T(5)), x6 = hn::Iota(d, T(6)), x7 = hn::Iota(d, T(7));
    V x8 = hn::Iota(d, T(8)), x9 = hn::Iota(d, T(9)), xa = hn::Iota(d, T(10)), xb = hn::Iota(d, T(11));
    for (long i = 0; i < count; ++i) {
        x0 = hn::MulAdd(x0, a, b);
        x1 = hn::MulAdd(x1, a, b);
        x2 = hn::MulAdd(x2, a, b);
        x3 = hn::MulAdd(x3, a, b);
        x4 = hn::MulAdd(x4, a, b);
        x5 = hn::MulAdd(x5, a, b);
        x6 = hn::MulAdd(x6, a, b);
        x7 = hn::MulAdd(x7, a, b);
        x8 = hn::MulAdd(x8, a, b);
        x9 = hn::MulAdd(x9, a, b);
        xa = hn::MulAdd(xa, a, b);
        xb = hn::MulAdd(xb, a, b);
    }
    const V low = hn::Add(hn::Add(hn::Add(x0, x1), hn::Add(x2, x3)), hn::Add(x4, x5));
    const V high = hn::Add(hn::Add(hn::Add(x6, x7), hn::Add(x8, x9)), hn::Add(xa, xb));
    *sink = hn::GetLane(hn::SumOfLanes(d, hn::Add(low, high)));
    return static_cast<double>(count) * 12 * 2 * static_cast<double>(hn::Lanes(d));
}

/// The same of products of bf16: of pairs where the processor has them (AVX-512 BF16), of f32 elsewhere.
double fma_bf16_kernel(long count, float* sink) {
#ifdef HEADCOUNT_SIMD_PAIRS
    if (simd::bf16_step() == 2) {
        const auto a = reinterpret_cast<__m512bh>(_mm512_set1_ps(0.001F));
        const auto start = [&](float x) HWY_ATTR { return _mm512_set1_ps(x); };
        __m512 x0 = start(0), x1 = start(1), x2 = start(2), x3 = start(3), x4 = start(4), x5 = start(5);
        __m512 x6 = start(6), x7 = start(7), x8 = start(8), x9 = start(9), xa = start(10), xb = start(11);
        for (long i = 0; i < count; ++i) {
            x0 = _mm512_dpbf16_ps(x0, a, a);
            x1 = _mm512_dpbf16_ps(x1, a, a);
            x2 = _mm512_dpbf16_ps(x2, a, a);
            x3 = _mm512_dpbf16_ps(x3, a, a);
            x4 = _mm512_dpbf16_ps(x4, a, a);
            x5 = _mm512_dpbf16_ps(x5, a, a);
            x6 = _mm512_dpbf16_ps(x6, a, a);
            x7 = _mm512_dpbf16_ps(x7, a, a);
            x8 = _mm512_dpbf16_ps(x8, a, a);
            x9 = _mm512_dpbf16_ps(x9, a, a);
            xa = _mm512_dpbf16_ps(xa, a, a);
            xb = _mm512_dpbf16_ps(xb, a, a);
        }
        const __m512 low = (x0 + x1) + (x2 + x3) + (x4 + x5);
        const __m512 high = (x6 + x7) + (x8 + x9) + (xa + xb);
        *sink = _mm512_reduce_add_ps(low + high);
        return static_cast<double>(count) * 12 * 4 * 16;
    }
#endif
    return fma_kernel(count, sink);
}
double fma_f32_kernel(long count, float* sink) { return fma_kernel(count, sink); }
double fma_f64_kernel(long count, double* sink) { return fma_kernel(count, sink); }

}  // namespace headcount::limits::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <benchmark/benchmark.h>

#include "harness/measure/limits/windows.hpp"

namespace headcount::limits {
namespace {

HWY_EXPORT(fma_bf16_kernel);
HWY_EXPORT(fma_f32_kernel);
HWY_EXPORT(fma_f64_kernel);

constexpr long kSteps = 1000;

double some_bf16(long times) {
    float sink = 0;
    const double done = HWY_DYNAMIC_DISPATCH(fma_bf16_kernel)(kSteps * times, &sink);
    benchmark::DoNotOptimize(sink);
    return done;
}

double some_f32(long times) {
    float sink = 0;
    const double done = HWY_DYNAMIC_DISPATCH(fma_f32_kernel)(kSteps * times, &sink);
    benchmark::DoNotOptimize(sink);
    return done;
}

double some_f64(long times) {
    double sink = 0;
    const double done = HWY_DYNAMIC_DISPATCH(fma_f64_kernel)(kSteps * times, &sink);
    benchmark::DoNotOptimize(sink);
    return done;
}

}  // namespace

double multiply_add_rate(DType dtype, int threads, int windows, double window_s) {
    Work work = some_f32;
    if (dtype == DType::f64) work = some_f64;
    if (dtype == DType::bf16) work = some_bf16;
    return sustained_rate(std::vector<Work>(static_cast<std::size_t>(threads), work), windows, window_s);
}

}  // namespace headcount::limits
#endif  // HWY_ONCE
