// Kernels for the limits and the timing of them on several threads at once.
#include "harness/measure/limits.hpp"

// Without it a processor that has these instructions, compiled for natively, has no kernel at all in Highway 1.0.
#define HWY_WANT_AVX3_DL
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/measure/limits.cpp"
// foreach_target.h comes first: it compiles this file once for each instruction set.
// The order matters: foreach_target.h compiles this file once for each instruction set.
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace headcount::HWY_NAMESPACE {
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

double fma_f32_kernel(long count, float* sink) { return fma_kernel(count, sink); }
double fma_f64_kernel(long count, double* sink) { return fma_kernel(count, sink); }

/// Exponentials of `size` values, a multiple of 64.
void exp_kernel(const float* from, long size, float* to) {
    const hn::ScalableTag<float> d;
    const auto step = static_cast<long>(hn::Lanes(d));
    for (long i = 0; i < size; i += step) hn::StoreU(hn::Exp(d, hn::LoadU(d, from + i)), d, to + i);
}

/// Sum of `size` values, a multiple of 256: four streams of additions, so that loads are what limits.
float read_kernel(const float* from, long size) {
    const hn::ScalableTag<float> d;
    const auto step = static_cast<long>(hn::Lanes(d));
    auto s0 = hn::Zero(d), s1 = hn::Zero(d), s2 = hn::Zero(d), s3 = hn::Zero(d);
    for (long i = 0; i < size; i += 4 * step) {
        s0 = hn::Add(s0, hn::LoadU(d, from + i));
        s1 = hn::Add(s1, hn::LoadU(d, from + i + step));
        s2 = hn::Add(s2, hn::LoadU(d, from + i + 2 * step));
        s3 = hn::Add(s3, hn::LoadU(d, from + i + 3 * step));
    }
    return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
}

}  // namespace headcount::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <algorithm>
#include <barrier>
#include <chrono>
#include <functional>
#include <thread>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "harness/measure/process_memory.hpp"

namespace headcount {
namespace {

HWY_EXPORT(fma_f32_kernel);
HWY_EXPORT(fma_f64_kernel);
HWY_EXPORT(exp_kernel);
HWY_EXPORT(read_kernel);

constexpr double kWindow_s = 0.010;  // as long as many a point's forward pass
constexpr int kWindows = 15;

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// One thread's work: repeats `times`, returns what was done in operations or bytes.
using Work = std::function<double(long times)>;

/// Median over windows of the summed rate of all threads, which start each window together.
double sustained_rate(const std::vector<Work>& works) {
    long times = 1;
    for (double seconds = 0; seconds < kWindow_s && times < (1L << 40);) {  // how often makes a window; warms up too
        const auto start = std::chrono::steady_clock::now();
        works.front()(times);
        seconds = seconds_since(start);
        if (seconds < kWindow_s)
            times = std::max(times + 1, static_cast<long>(std::min(10.0, 1.2 * kWindow_s / std::max(seconds, 1e-7)) *
                                                          static_cast<double>(times)));
    }
    std::vector<double> rates;
    std::vector<std::vector<double>> each(works.size());
    std::barrier together(static_cast<std::ptrdiff_t>(works.size()));
    const auto run = [&](std::size_t thread) {
        for (int window = 0; window < kWindows; ++window) {
            together.arrive_and_wait();
            const auto start = std::chrono::steady_clock::now();
            const double done = works[thread](times);
            each[thread].push_back(done / seconds_since(start));
        }
    };
    {
        std::vector<std::jthread> threads;
        for (std::size_t t = 1; t < works.size(); ++t) threads.emplace_back(run, t);
        run(0);
    }
    for (std::size_t window = 0; window < static_cast<std::size_t>(kWindows); ++window) {
        double sum = 0;
        for (const auto& thread : each) sum += thread[window];
        rates.push_back(sum);
    }
    std::nth_element(rates.begin(), rates.begin() + kWindows / 2, rates.end());
    return rates[kWindows / 2];
}

double fma_f32_rate(int threads) {
    const Work work = [](long times) {
        float sink = 0;
        const double done = HWY_DYNAMIC_DISPATCH(fma_f32_kernel)(1000 * times, &sink);
        benchmark::DoNotOptimize(sink);
        return done;
    };
    return sustained_rate(std::vector<Work>(static_cast<std::size_t>(threads), work));
}

double fma_f64_rate(int threads) {
    const Work work = [](long times) {
        double sink = 0;
        const double done = HWY_DYNAMIC_DISPATCH(fma_f64_kernel)(1000 * times, &sink);
        benchmark::DoNotOptimize(sink);
        return done;
    };
    return sustained_rate(std::vector<Work>(static_cast<std::size_t>(threads), work));
}

double exp_rate(int threads) {
    constexpr std::size_t kSize = 4096;  // 16 KiB in, 16 KiB out: stays in the first cache
    std::vector<std::vector<float>> from(static_cast<std::size_t>(threads), std::vector<float>(kSize));
    auto to = from;
    for (auto& values : from) {
        for (std::size_t i = 0; i < kSize; ++i) values[i] = -10.0F * static_cast<float>(i) / kSize;
    }
    std::vector<Work> works;
    for (std::size_t t = 0; t < from.size(); ++t) {
        works.push_back([&, t](long times) {
            for (long i = 0; i < times; ++i) {
                HWY_DYNAMIC_DISPATCH(exp_kernel)(from[t].data(), static_cast<long>(kSize), to[t].data());
                benchmark::DoNotOptimize(to[t].data());
                benchmark::ClobberMemory();
            }
            return static_cast<double>(times) * static_cast<double>(kSize);
        });
    }
    return sustained_rate(works);
}

double read_rate(int threads) {
    // Four times the largest cache, and no more than a sixteenth of what is available.
    std::int64_t bytes = std::int64_t{64} << 20;
    for (const auto& cache : benchmark::CPUInfo::Get().caches) bytes = std::max<std::int64_t>(bytes, 4L * cache.size);
    bytes = std::min(bytes, std::int64_t{512} << 20);
    const Bytes available = available_memory();
    if (available.value > 0) bytes = std::min(bytes, available.value / 16);
    const std::size_t part =
        static_cast<std::size_t>(bytes) / sizeof(float) / static_cast<std::size_t>(threads) / 256 * 256;
    const std::vector<float> buffer(part * static_cast<std::size_t>(threads), 1.0F);
    std::vector<Work> works;
    for (std::size_t t = 0; t < static_cast<std::size_t>(threads); ++t) {
        works.push_back([&, t](long times) {
            for (long i = 0; i < times; ++i) {
                float sum = HWY_DYNAMIC_DISPATCH(read_kernel)(buffer.data() + t * part, static_cast<long>(part));
                benchmark::DoNotOptimize(sum);
            }
            return static_cast<double>(times) * static_cast<double>(part * sizeof(float));
        });
    }
    return sustained_rate(works);
}

}  // namespace

std::map<std::string, double> measure_limits(const std::vector<int>& num_threads) {
    std::map<std::string, double> limits;
    for (const int threads : num_threads) {
        limits[fmt::format("fma_gflops.f32.threads={}", threads)] = fma_f32_rate(threads) / 1e9;
        limits[fmt::format("fma_gflops.f64.threads={}", threads)] = fma_f64_rate(threads) / 1e9;
        limits[fmt::format("exp_gops.f32.threads={}", threads)] = exp_rate(threads) / 1e9;
        limits[fmt::format("read_gbps.threads={}", threads)] = read_rate(threads) / 1e9;
    }
    return limits;
}

}  // namespace headcount
#endif  // HWY_ONCE
