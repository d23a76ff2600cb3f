#include "harness/backend/vector_models.hpp"

#include <cmath>
#include <cstddef>

// Highway compiles this file once for every instruction set and picks one when the program runs.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/backend/vector_models.cpp"
// clang-format off
#include "harness/backend/targets.hpp"
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace headcount::vector_math::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Sum of x.
template <class T>
T SumOf(const T* x, std::size_t n) {
    const hn::ScalableTag<T> d;
    const std::size_t lanes = hn::Lanes(d);
    auto sums = hn::Zero(d);
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes) sums = hn::Add(sums, hn::LoadU(d, x + i));
    T sum = hn::GetLane(hn::SumOfLanes(d, sums));
    for (; i < n; ++i) sum += x[i];
    return sum;
}

template <class T>
void Normalize(const T* x, const T* gain, const T* shift, T* y, std::size_t n, double epsilon) {
    const hn::ScalableTag<T> d;
    const std::size_t lanes = hn::Lanes(d);
    const T count = static_cast<T>(n), mean = SumOf(x, n) / count;
    const auto means = hn::Set(d, mean);
    auto sums = hn::Zero(d);
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes) {
        const auto centred = hn::Sub(hn::LoadU(d, x + i), means);
        sums = hn::MulAdd(centred, centred, sums);
    }
    T squares = hn::GetLane(hn::SumOfLanes(d, sums));
    for (; i < n; ++i) squares += (x[i] - mean) * (x[i] - mean);
    const T factor = static_cast<T>(1 / std::sqrt(static_cast<double>(squares / count) + epsilon));
    const auto factors = hn::Set(d, factor);
    for (i = 0; i + lanes <= n; i += lanes) {
        const auto normal = hn::Mul(hn::Sub(hn::LoadU(d, x + i), means), factors);
        hn::StoreU(hn::MulAdd(normal, hn::LoadU(d, gain + i), hn::LoadU(d, shift + i)), d, y + i);
    }
    for (; i < n; ++i) y[i] = (x[i] - mean) * factor * gain[i] + shift[i];
}

/// Of one vector: erf(|x|) = 1 - (a1 t + ... + a5 t^5) e^(-x^2) with t = 1 / (1 + p |x|).
template <class D>
HWY_INLINE hn::Vec<D> GeluOf(D d, hn::Vec<D> x) {
    const auto one = hn::Set(d, 1.0F);
    const auto inner = hn::Mul(x, hn::Set(d, 0.70710678F));
    const auto t = hn::Div(one, hn::MulAdd(hn::Abs(inner), hn::Set(d, 0.3275911F), one));
    auto p = hn::Set(d, 1.061405429F);
    p = hn::MulAdd(p, t, hn::Set(d, -1.453152027F));
    p = hn::MulAdd(p, t, hn::Set(d, 1.421413741F));
    p = hn::MulAdd(p, t, hn::Set(d, -0.284496736F));
    p = hn::MulAdd(p, t, hn::Set(d, 0.254829592F));
    const auto weight = hn::Exp(d, hn::Neg(hn::Mul(inner, inner)));
    const auto erf = hn::CopySign(hn::NegMulAdd(hn::Mul(p, t), weight, one), x);
    return hn::Mul(hn::Mul(x, hn::Set(d, 0.5F)), hn::Add(one, erf));
}

/// sigmoid(2 u) of verbs/gelu.hpp.
template <class D>
HWY_INLINE hn::Vec<D> GeluSigmoid(D d, hn::Vec<D> x, hn::Vec<D> square) {
    const auto one = hn::Set(d, 1.0F);
    const auto inner = hn::MulAdd(square, hn::Set(d, 0.044715F * -1.59576912F), hn::Set(d, -1.59576912F));
    // Highway's exp is none above 104; at 87 the sigmoid is 1e-38 already.
    const auto exponent = hn::Min(hn::Mul(x, inner), hn::Set(d, 87.0F));
    return hn::Div(one, hn::Add(one, hn::Exp(d, exponent)));
}

/// y = f(x) for whole vectors, and for the rest in one that is padded with zeros.
template <class F>
void ByVectors(const float* x, float* y, std::size_t n, const F& f) {
    const hn::ScalableTag<float> d;
    const std::size_t lanes = hn::Lanes(d);
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes) hn::StoreU(f(hn::LoadU(d, x + i)), d, y + i);
    if (i == n) return;
    HWY_ALIGN float rest[hn::MaxLanes(d)] = {};
    for (std::size_t j = i; j < n; ++j) rest[j - i] = x[j];
    hn::Store(f(hn::Load(d, rest)), d, rest);
    for (std::size_t j = i; j < n; ++j) y[j] = rest[j - i];
}

void GeluExactF32(const float* x, float* y, std::size_t n) {
    const hn::ScalableTag<float> d;
    ByVectors(x, y, n, [&](auto v) HWY_ATTR { return GeluOf(d, v); });
}

void GeluF32(const float* x, float* y, std::size_t n) {
    const hn::ScalableTag<float> d;
    ByVectors(x, y, n, [&](auto v) HWY_ATTR { return hn::Mul(v, GeluSigmoid(d, v, hn::Mul(v, v))); });
}

void GeluVjpF32(const float* x, const float* dy, float* dx, std::size_t n, bool add) {
    const hn::ScalableTag<float> d;
    const std::size_t lanes = hn::Lanes(d);
    const auto slope = [&](auto v) HWY_ATTR {
        const auto square = hn::Mul(v, v), s = GeluSigmoid(d, v, square), one = hn::Set(d, 1.0F);
        const auto inner = hn::MulAdd(square, hn::Set(d, 3 * 0.044715F * -1.59576912F), hn::Set(d, -1.59576912F));
        return hn::Mul(s, hn::NegMulAdd(hn::Mul(v, hn::Sub(one, s)), inner, one));
    };
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes) {
        const auto made = hn::Mul(slope(hn::LoadU(d, x + i)), hn::LoadU(d, dy + i));
        hn::StoreU(add ? hn::Add(hn::LoadU(d, dx + i), made) : made, d, dx + i);
    }
    if (i == n) return;
    HWY_ALIGN float rest[hn::MaxLanes(d)] = {};
    for (std::size_t j = i; j < n; ++j) rest[j - i] = x[j];
    hn::Store(slope(hn::Load(d, rest)), d, rest);
    for (std::size_t j = i; j < n; ++j) dx[j] = (add ? dx[j] : 0.0F) + rest[j - i] * dy[j];
}

void LayerNormVjpF32(const LayerNormRow& row, std::size_t n, double epsilon) {
    const hn::ScalableTag<float> d;
    const std::size_t lanes = hn::Lanes(d);
    const float count = static_cast<float>(n), mean = SumOf(row.x, n) / count;
    const auto means = hn::Set(d, mean);
    auto squares = hn::Zero(d), all = hn::Zero(d), along = hn::Zero(d);
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes) {
        const auto centred = hn::Sub(hn::LoadU(d, row.x + i), means);
        const auto g = hn::Mul(hn::LoadU(d, row.gain + i), hn::LoadU(d, row.dy + i));
        squares = hn::MulAdd(centred, centred, squares);
        all = hn::Add(all, g);
        along = hn::MulAdd(g, centred, along);
    }
    float square = hn::GetLane(hn::SumOfLanes(d, squares)), sum = hn::GetLane(hn::SumOfLanes(d, all)),
          product = hn::GetLane(hn::SumOfLanes(d, along));
    for (std::size_t j = i; j < n; ++j) {
        const float centred = row.x[j] - mean, g = row.gain[j] * row.dy[j];
        square += centred * centred;
        sum += g;
        product += g * centred;
    }
    const auto factor = static_cast<float>(1 / std::sqrt(static_cast<double>(square / count) + epsilon));
    const float mean_of_all = sum / count, slope = product * factor / count;
    const auto factors = hn::Set(d, factor), mean_of_alls = hn::Set(d, mean_of_all), slopes = hn::Set(d, slope);
    for (i = 0; i + lanes <= n; i += lanes) {
        const auto dy = hn::LoadU(d, row.dy + i);
        const auto normal = hn::Mul(hn::Sub(hn::LoadU(d, row.x + i), means), factors);
        const auto g = hn::Sub(hn::Mul(hn::LoadU(d, row.gain + i), dy), mean_of_alls);
        const auto made = hn::Mul(hn::NegMulAdd(normal, slopes, g), factors);
        hn::StoreU(row.add_to_dx ? hn::Add(hn::LoadU(d, row.dx + i), made) : made, d, row.dx + i);
        hn::StoreU(hn::MulAdd(dy, normal, hn::LoadU(d, row.d_gain + i)), d, row.d_gain + i);
        hn::StoreU(hn::Add(hn::LoadU(d, row.d_shift + i), dy), d, row.d_shift + i);
    }
    for (; i < n; ++i) {
        const float normal = (row.x[i] - mean) * factor;
        const float made = (row.gain[i] * row.dy[i] - mean_of_all - normal * slope) * factor;
        row.dx[i] = row.add_to_dx ? row.dx[i] + made : made;
        row.d_gain[i] += row.dy[i] * normal;
        row.d_shift[i] += row.dy[i];
    }
}

void LayerNormF32(const float* x, const float* gain, const float* shift, float* y, std::size_t n, double epsilon) {
    Normalize(x, gain, shift, y, n, epsilon);
}
void LayerNormF64(const double* x, const double* gain, const double* shift, double* y, std::size_t n, double epsilon) {
    Normalize(x, gain, shift, y, n, epsilon);
}
}  // namespace headcount::vector_math::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headcount::vector_math {

HWY_EXPORT(LayerNormF32);
HWY_EXPORT(LayerNormF64);
HWY_EXPORT(GeluExactF32);
HWY_EXPORT(GeluF32);
HWY_EXPORT(GeluVjpF32);
HWY_EXPORT(LayerNormVjpF32);

namespace {
std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }
}  // namespace

void layer_norm(const float* x, const float* gain, const float* shift, float* y, std::int64_t n, double epsilon) {
    HWY_DYNAMIC_DISPATCH(LayerNormF32)(x, gain, shift, y, size(n), epsilon);
}
void layer_norm(const double* x, const double* gain, const double* shift, double* y, std::int64_t n, double epsilon) {
    HWY_DYNAMIC_DISPATCH(LayerNormF64)(x, gain, shift, y, size(n), epsilon);
}
void gelu_exact(const float* x, float* y, std::int64_t n) { HWY_DYNAMIC_DISPATCH(GeluExactF32)(x, y, size(n)); }
void gelu(const float* x, float* y, std::int64_t n) { HWY_DYNAMIC_DISPATCH(GeluF32)(x, y, size(n)); }
void gelu_vjp(const float* x, const float* dy, float* dx, std::int64_t n, bool add) {
    HWY_DYNAMIC_DISPATCH(GeluVjpF32)(x, dy, dx, size(n), add);
}
void layer_norm_vjp(const LayerNormRow& row, std::int64_t n, double epsilon) {
    HWY_DYNAMIC_DISPATCH(LayerNormVjpF32)(row, size(n), epsilon);
}

}  // namespace headcount::vector_math
#endif
