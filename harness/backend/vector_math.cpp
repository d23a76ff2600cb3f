#include "harness/backend/vector_math.hpp"

#include <cstddef>

// Highway compiles this file once for every instruction set and picks one when the program runs.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/backend/vector_math.cpp"
// clang-format off
#include "harness/backend/targets.hpp"
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace headcount::vector_math::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
T RowMax(const T* x, std::size_t n) {
    const hn::ScalableTag<T> d;
    const std::size_t lanes = hn::Lanes(d);
    T peak = x[0];
    std::size_t i = 0;
    if (n >= lanes) {
        auto peaks = hn::LoadU(d, x);
        for (i = lanes; i + lanes <= n; i += lanes) peaks = hn::Max(peaks, hn::LoadU(d, x + i));
        peak = hn::GetLane(hn::MaxOfLanes(d, peaks));
    }
    for (; i < n; ++i) peak = x[i] > peak ? x[i] : peak;
    return peak;
}

/// e^x for x <= 0 in f32, within 2.5 ulp; zero where that is no normal number, NaN for NaN. x = n ln 2 + r (Cody and
/// Waite: the first part of ln 2 has so few bits that n times it is exact) with e^r by the minimax polynomial of degree
/// 5 whose value at 0 is 1, the one of simd/lanes-inl.hpp with its coefficients divided by powers of ln 2.
template <class D>
HWY_INLINE hn::Vec<D> ExpOfAtMostZero(D d, hn::Vec<D> x, float /*scalar*/) {
    using V = hn::Vec<D>;
    // Adding 1.5 * 2^23 rounds to the nearest whole number; 127 more, and the low bits are the exponent of 2^n.
    const V shifter = hn::Set(d, 12582912.0F + 127.0F);
    const V shifted = hn::MulAdd(x, hn::Set(d, 1.44269504F), shifter);
    const V n = hn::Sub(shifted, shifter);
    V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375F), x);
    r = hn::NegMulAdd(n, hn::Set(d, -0.000212194442F), r);
    V p = hn::Set(d, 0.00829031505F);
    p = hn::MulAdd(p, r, hn::Set(d, 0.0418979302F));
    p = hn::MulAdd(p, r, hn::Set(d, 0.166676357F));
    p = hn::MulAdd(p, r, hn::Set(d, 0.499991506F));
    p = hn::MulAdd(p, r, hn::Set(d, 0.999999702F));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0F));
    const hn::RebindToSigned<D> whole;
    const V y = hn::Mul(p, hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(whole, shifted))));
    return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -87.33654F)), y);
}

/// In f64 it is Highway's, which gives zero for NaN.
template <class D>
HWY_INLINE hn::Vec<D> ExpOfAtMostZero(D d, hn::Vec<D> x, double /*scalar*/) {
    return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(d, x));
}

template <class T>
T ExpAndSum(T* x, std::size_t n, T peak) {
    const hn::ScalableTag<T> d;
    const std::size_t lanes = hn::Lanes(d);
    const auto peaks = hn::Set(d, peak);
    const auto weigh = [&](T* at) HWY_ATTR {
        const auto weight = ExpOfAtMostZero(d, hn::Sub(hn::LoadU(d, at), peaks), peak);
        hn::StoreU(weight, d, at);
        return weight;
    };
    // Two sums: a vector takes little longer than one addition waits for the one before.
    auto sums = hn::Zero(d), more = hn::Zero(d);
    std::size_t i = 0;
    for (; i + 2 * lanes <= n; i += 2 * lanes) {
        sums = hn::Add(sums, weigh(x + i));
        more = hn::Add(more, weigh(x + i + lanes));
    }
    if (i + lanes <= n) {
        sums = hn::Add(sums, weigh(x + i));
        i += lanes;
    }
    T sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(sums, more)));
    if (i < n) {
        // The remainder goes through one padded vector, so that every element sees the same exp.
        HWY_ALIGN T rest[hn::MaxLanes(d)] = {};
        for (std::size_t j = i; j < n; ++j) rest[j - i] = x[j] - peak;
        hn::Store(ExpOfAtMostZero(d, hn::Load(d, rest), peak), d, rest);
        for (std::size_t j = i; j < n; ++j) {
            x[j] = rest[j - i];
            sum += x[j];
        }
    }
    return sum;
}

template <class T>
void Scale(T* x, std::size_t n, T factor) {
    const hn::ScalableTag<T> d;
    const std::size_t lanes = hn::Lanes(d);
    const auto factors = hn::Set(d, factor);
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes) hn::StoreU(hn::Mul(factors, hn::LoadU(d, x + i)), d, x + i);
    for (; i < n; ++i) x[i] *= factor;
}

template <class T>
T Dot(const T* x, const T* y, std::size_t n) {
    const hn::ScalableTag<T> d;
    const std::size_t lanes = hn::Lanes(d);
    // As many sums as additions that one waits for.
    auto sum0 = hn::Zero(d), sum1 = hn::Zero(d), sum2 = hn::Zero(d), sum3 = hn::Zero(d);
    const auto term = [&](std::size_t i, hn::Vec<decltype(d)> sum)
                          HWY_ATTR { return hn::MulAdd(hn::LoadU(d, x + i), hn::LoadU(d, y + i), sum); };
    std::size_t i = 0;
    for (; i + 4 * lanes <= n; i += 4 * lanes) {
        sum0 = term(i, sum0);
        sum1 = term(i + lanes, sum1);
        sum2 = term(i + 2 * lanes, sum2);
        sum3 = term(i + 3 * lanes, sum3);
    }
    for (; i + lanes <= n; i += lanes) sum0 = term(i, sum0);
    T sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3))));
    for (; i < n; ++i) sum += x[i] * y[i];
    return sum;
}

template <class T>
void ShiftAndMultiply(T* x, const T* factors, std::size_t n, T shift) {
    const hn::ScalableTag<T> d;
    const std::size_t lanes = hn::Lanes(d);
    const auto shifts = hn::Set(d, shift);
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes)
        hn::StoreU(hn::Mul(hn::LoadU(d, factors + i), hn::Sub(hn::LoadU(d, x + i), shifts)), d, x + i);
    for (; i < n; ++i) x[i] = factors[i] * (x[i] - shift);
}

template <class T>
void AddTo(const T* from, T* to, std::size_t n) {
    const hn::ScalableTag<T> d;
    const std::size_t lanes = hn::Lanes(d);
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes) hn::StoreU(hn::Add(hn::LoadU(d, to + i), hn::LoadU(d, from + i)), d, to + i);
    for (; i < n; ++i) to[i] += from[i];
}

float RowMaxF32(const float* x, std::size_t n) { return RowMax(x, n); }
double RowMaxF64(const double* x, std::size_t n) { return RowMax(x, n); }
float ExpAndSumF32(float* x, std::size_t n, float peak) { return ExpAndSum(x, n, peak); }
double ExpAndSumF64(double* x, std::size_t n, double peak) { return ExpAndSum(x, n, peak); }
void ScaleF32(float* x, std::size_t n, float factor) { Scale(x, n, factor); }
void ScaleF64(double* x, std::size_t n, double factor) { Scale(x, n, factor); }
float DotF32(const float* x, const float* y, std::size_t n) { return Dot(x, y, n); }
double DotF64(const double* x, const double* y, std::size_t n) { return Dot(x, y, n); }
void ShiftAndMultiplyF32(float* x, const float* factors, std::size_t n, float shift) {
    ShiftAndMultiply(x, factors, n, shift);
}
void ShiftAndMultiplyF64(double* x, const double* factors, std::size_t n, double shift) {
    ShiftAndMultiply(x, factors, n, shift);
}
void AddToF32(const float* from, float* to, std::size_t n) { AddTo(from, to, n); }
void AddToF64(const double* from, double* to, std::size_t n) { AddTo(from, to, n); }
const char* TargetName() { return hwy::TargetName(HWY_TARGET); }

}  // namespace headcount::vector_math::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headcount::vector_math {

HWY_EXPORT(RowMaxF32);
HWY_EXPORT(RowMaxF64);
HWY_EXPORT(ExpAndSumF32);
HWY_EXPORT(ExpAndSumF64);
HWY_EXPORT(ScaleF32);
HWY_EXPORT(ScaleF64);
HWY_EXPORT(DotF32);
HWY_EXPORT(DotF64);
HWY_EXPORT(ShiftAndMultiplyF32);
HWY_EXPORT(ShiftAndMultiplyF64);
HWY_EXPORT(AddToF32);
HWY_EXPORT(AddToF64);
HWY_EXPORT(TargetName);

namespace {
std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }
}  // namespace

float row_max(const float* x, std::int64_t n) { return HWY_DYNAMIC_DISPATCH(RowMaxF32)(x, size(n)); }
double row_max(const double* x, std::int64_t n) { return HWY_DYNAMIC_DISPATCH(RowMaxF64)(x, size(n)); }
float exp_and_sum(float* x, std::int64_t n, float peak) { return HWY_DYNAMIC_DISPATCH(ExpAndSumF32)(x, size(n), peak); }
double exp_and_sum(double* x, std::int64_t n, double peak) {
    return HWY_DYNAMIC_DISPATCH(ExpAndSumF64)(x, size(n), peak);
}
void scale(float* x, std::int64_t n, float factor) { HWY_DYNAMIC_DISPATCH(ScaleF32)(x, size(n), factor); }
void scale(double* x, std::int64_t n, double factor) { HWY_DYNAMIC_DISPATCH(ScaleF64)(x, size(n), factor); }
float dot(const float* x, const float* y, std::int64_t n) { return HWY_DYNAMIC_DISPATCH(DotF32)(x, y, size(n)); }
double dot(const double* x, const double* y, std::int64_t n) { return HWY_DYNAMIC_DISPATCH(DotF64)(x, y, size(n)); }
void shift_and_multiply(float* x, const float* factors, std::int64_t n, float shift) {
    HWY_DYNAMIC_DISPATCH(ShiftAndMultiplyF32)(x, factors, size(n), shift);
}
void shift_and_multiply(double* x, const double* factors, std::int64_t n, double shift) {
    HWY_DYNAMIC_DISPATCH(ShiftAndMultiplyF64)(x, factors, size(n), shift);
}
void add(const float* from, float* to, std::int64_t n) { HWY_DYNAMIC_DISPATCH(AddToF32)(from, to, size(n)); }
void add(const double* from, double* to, std::int64_t n) { HWY_DYNAMIC_DISPATCH(AddToF64)(from, to, size(n)); }
const char* target_name() { return HWY_DYNAMIC_DISPATCH(TargetName)(); }

}  // namespace headcount::vector_math
#endif
