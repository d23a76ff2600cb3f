#include "harness/measure/limits/exponentials.hpp"

#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/measure/limits/exponentials.cpp"
// clang-format off
#include "harness/backend/targets.hpp"
#include <hwy/contrib/math/math-inl.h>
#include "harness/backend/simd/lanes-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace headcount::limits::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Of `size` values, a multiple of 64.
void exp_kernel(const float* from, std::int64_t size, float* to) {
    const hn::ScalableTag<float> d;
    const auto step = static_cast<std::int64_t>(hn::Lanes(d));
    for (std::int64_t i = 0; i < size; i += step) hn::StoreU(hn::Exp(d, hn::LoadU(d, from + i)), d, to + i);
}

/// Likewise; four vectors a step, as the fused core has several under way.
void exp2_kernel(const float* from, std::int64_t size, float* to) {
    using L = simd::HWY_NAMESPACE::FloatLanes;
    for (std::int64_t i = 0; i < size; i += 4 * L::kLanes) {
        const L::V a = L::exp2(L::load(from + i)), b = L::exp2(L::load(from + i + L::kLanes));
        const L::V c = L::exp2(L::load(from + i + 2 * L::kLanes)), e = L::exp2(L::load(from + i + 3 * L::kLanes));
        L::store(a, to + i);
        L::store(b, to + i + L::kLanes);
        L::store(c, to + i + 2 * L::kLanes);
        L::store(e, to + i + 3 * L::kLanes);
    }
}

}  // namespace headcount::limits::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <vector>

#include <benchmark/benchmark.h>

#include "harness/measure/limits/windows.hpp"

namespace headcount::limits {
namespace {

HWY_EXPORT(exp_kernel);
HWY_EXPORT(exp2_kernel);

constexpr std::size_t kSize = 4096;  // 16 KiB in, 16 KiB out: stays in the first cache

template <class Kernel>
double rate(int threads, int windows, const Kernel& kernel) {
    std::vector<std::vector<float>> from(static_cast<std::size_t>(threads), std::vector<float>(kSize));
    auto to = from;
    for (auto& values : from) {
        for (std::size_t i = 0; i < kSize; ++i) values[i] = -10.0F * static_cast<float>(i) / kSize;
    }
    std::vector<Work> works;
    for (std::size_t t = 0; t < from.size(); ++t) {
        works.emplace_back([&kernel, source = from[t].data(), target = to[t].data()](long times) {
            for (long i = 0; i < times; ++i) {
                kernel(source, target);
                benchmark::ClobberMemory();
            }
            return static_cast<double>(times) * static_cast<double>(kSize);
        });
    }
    return sustained_rate(works, windows);
}

}  // namespace

double exp_rate(int threads, int windows) {
    return rate(threads, windows, [](const float* from, float* to) {
        HWY_DYNAMIC_DISPATCH(exp_kernel)(from, static_cast<std::int64_t>(kSize), to);
    });
}

double exp2_rate(int threads, int windows) {
    return rate(threads, windows, [](const float* from, float* to) {
        HWY_DYNAMIC_DISPATCH(exp2_kernel)(from, static_cast<std::int64_t>(kSize), to);
    });
}

}  // namespace headcount::limits
#endif  // HWY_ONCE
