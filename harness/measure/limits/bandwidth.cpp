#include "harness/measure/limits/bandwidth.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/measure/limits/bandwidth.cpp"
// clang-format off
#include "harness/backend/targets.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace headcount::limits::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Sum of `size` values, a multiple of 512, `times` over: eight chains of additions, so that loads are what limits.
float read_kernel(const float* from, std::int64_t size, long times) {
    const hn::ScalableTag<float> d;
    const auto step = static_cast<std::int64_t>(hn::Lanes(d));
    auto s0 = hn::Zero(d), s1 = hn::Zero(d), s2 = hn::Zero(d), s3 = hn::Zero(d);
    auto s4 = hn::Zero(d), s5 = hn::Zero(d), s6 = hn::Zero(d), s7 = hn::Zero(d);
    for (long time = 0; time < times; ++time) {
        for (std::int64_t i = 0; i < size; i += 8 * step) {
            s0 = hn::Add(s0, hn::LoadU(d, from + i));
            s1 = hn::Add(s1, hn::LoadU(d, from + i + step));
            s2 = hn::Add(s2, hn::LoadU(d, from + i + 2 * step));
            s3 = hn::Add(s3, hn::LoadU(d, from + i + 3 * step));
            s4 = hn::Add(s4, hn::LoadU(d, from + i + 4 * step));
            s5 = hn::Add(s5, hn::LoadU(d, from + i + 5 * step));
            s6 = hn::Add(s6, hn::LoadU(d, from + i + 6 * step));
            s7 = hn::Add(s7, hn::LoadU(d, from + i + 7 * step));
        }
    }
    const auto low = hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)), high = hn::Add(hn::Add(s4, s5), hn::Add(s6, s7));
    return hn::GetLane(hn::SumOfLanes(d, hn::Add(low, high)));
}

void write_kernel(float* to, std::int64_t size, float value) {
    const hn::ScalableTag<float> d;
    const auto step = static_cast<std::int64_t>(hn::Lanes(d));
    const auto values = hn::Set(d, value);
    for (std::int64_t i = 0; i < size; i += step) hn::StoreU(values, d, to + i);
}

void copy_kernel(const float* from, float* to, std::int64_t size) {
    const hn::ScalableTag<float> d;
    const auto step = static_cast<std::int64_t>(hn::Lanes(d));
    for (std::int64_t i = 0; i < size; i += step) hn::StoreU(hn::LoadU(d, from + i), d, to + i);
}

void triad_kernel(const float* a, const float* b, float* to, std::int64_t size) {
    const hn::ScalableTag<float> d;
    const auto step = static_cast<std::int64_t>(hn::Lanes(d));
    const auto factor = hn::Set(d, 3.0F);
    for (std::int64_t i = 0; i < size; i += step) {
        hn::StoreU(hn::MulAdd(factor, hn::LoadU(d, b + i), hn::LoadU(d, a + i)), d, to + i);
    }
}

}  // namespace headcount::limits::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <algorithm>
#include <vector>

#include <benchmark/benchmark.h>
#include <hwy/aligned_allocator.h>

#include "harness/core/machine.hpp"
#include "harness/measure/limits/windows.hpp"
#include "harness/measure/machine/process_memory.hpp"

namespace headcount::limits {
namespace {

HWY_EXPORT(read_kernel);
HWY_EXPORT(write_kernel);
HWY_EXPORT(copy_kernel);
HWY_EXPORT(triad_kernel);

constexpr std::int64_t kStep = 512;  // floats: what the kernels' unrolled loops divide on every instruction set

using Buffer = hwy::AlignedFreeUniquePtr<float[]>;

/// `floats` of them in memory that is really there.
Buffer buffer_of(std::int64_t floats) {
    Buffer buffer = hwy::AllocateAligned<float>(static_cast<std::size_t>(floats));
    std::fill_n(buffer.get(), floats, 1.0F);
    return buffer;
}

/// Four times the largest cache (twice what is assumed, if that is more), no more than a sixteenth of what is
/// available: floats for one of `threads`.
std::int64_t beyond_the_caches(int threads) {
    std::int64_t bytes = std::max(2 * kAssumedLargestBytes, 4 * largest_data_cache_bytes(machine_caches()));
    bytes = std::min(bytes, std::int64_t{512} << 20);
    const Bytes available = available_memory();
    if (available.value > 0) bytes = std::min(bytes, available.value / 16);
    return std::max<std::int64_t>(1, bytes / 4 / threads / kStep) * kStep;
}

double read_rate(std::int64_t floats, int threads, int windows) {
    std::vector<Buffer> buffers;
    std::vector<Work> works;
    for (int t = 0; t < threads; ++t) {
        buffers.push_back(buffer_of(floats));
        works.emplace_back([from = buffers.back().get(), floats](long times) {
            float sum = HWY_DYNAMIC_DISPATCH(read_kernel)(from, floats, times);
            benchmark::DoNotOptimize(sum);
            return static_cast<double>(times) * static_cast<double>(floats) * sizeof(float);
        });
    }
    return sustained_rate(works, windows);
}

/// `arrays` of them move at each step of `kernel(a, b, c, floats)`.
template <class Kernel>
double stream_rate(int threads, int windows, int arrays, const Kernel& kernel) {
    const std::int64_t floats = std::max(kStep, beyond_the_caches(threads) / arrays / kStep * kStep);
    std::vector<Buffer> buffers;
    std::vector<Work> works;
    for (int t = 0; t < threads; ++t) {
        float* data[3] = {};
        for (int i = 0; i < arrays; ++i) data[i] = buffers.emplace_back(buffer_of(floats)).get();
        works.emplace_back([a = data[0], b = data[1], c = data[2], floats, arrays, &kernel](long times) {
            for (long i = 0; i < times; ++i) {
                kernel(a, b, c, floats);
                benchmark::ClobberMemory();
            }
            return static_cast<double>(times) * static_cast<double>(floats * arrays) * sizeof(float);
        });
    }
    return sustained_rate(works, windows);
}

}  // namespace

double cached_read_rate(std::int64_t bytes, int threads, int windows) {
    return read_rate(std::max<std::int64_t>(1, bytes / 4 / kStep) * kStep, threads, windows);
}

double memory_read_rate(int threads, int windows) { return read_rate(beyond_the_caches(threads), threads, windows); }

StreamRates stream_rates(int threads, int windows) {
    return {.write = stream_rate(threads, windows, 1,
                                 [](float* a, float*, float*, std::int64_t n) {
                                     HWY_DYNAMIC_DISPATCH(write_kernel)(a, n, 1.0F);
                                 }),
            .copy = stream_rate(threads, windows, 2,
                                [](float* a, float* b, float*, std::int64_t n) {
                                    HWY_DYNAMIC_DISPATCH(copy_kernel)(a, b, n);
                                }),
            .triad = stream_rate(threads, windows, 3, [](float* a, float* b, float* c, std::int64_t n) {
                HWY_DYNAMIC_DISPATCH(triad_kernel)(a, b, c, n);
            })};
}

}  // namespace headcount::limits
#endif  // HWY_ONCE
