#include "harness/measure/clock/visit.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include "harness/core/machine.hpp"
#include "harness/core/stopwatch.hpp"
#include "harness/measure/machine/counters.hpp"

namespace headcount {
namespace {

std::optional<rusage> usage_now() {
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) != 0) return std::nullopt;
    return usage;
}

/// What the kernel did to this process meanwhile, all its threads.
void add_disturbance(Sample& sample, const std::optional<rusage>& before) {
    const std::optional<rusage> after = usage_now();
    if (!before || !after) return;
    sample.involuntary_switches = after->ru_nivcsw - before->ru_nivcsw;
    sample.page_faults = (after->ru_minflt - before->ru_minflt) + (after->ru_majflt - before->ru_majflt);
}

/// Begun with the first pass, when the threads of the libraries are there.
Counters& counters() {
    static Counters the_counters;
    return the_counters;
}

}  // namespace

VisitHere::VisitHere(std::function<void()> pass) : pass_(std::move(pass)) {}

double VisitHere::seconds_of(std::int64_t times) {
    counters();
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t i = 0; i < times; ++i) pass_();
    return seconds_since(start);
}

Sample VisitHere::take(benchmark::State& state, const VisitPlan& plan) {
    Sample sample;
    if (plan.warm_first) pass_();
    if (plan.cold_cache) flush_caches();
    const auto before = usage_now();
    counters().start();
    for (auto _ : state) pass_();
    sample.counters = counters().stop();
    add_disturbance(sample, before);
    for (auto& [counter, value] : sample.counters) {
        if (counter != "counted_share") value /= static_cast<double>(plan.iterations);
    }
    return sample;
}

void flush_caches() {
    static const std::size_t size = [] {
        const std::int64_t largest = std::max(kAssumedLargestBytes, largest_data_cache_bytes(machine_caches()));
        return static_cast<std::size_t>(std::min<std::int64_t>(2 * largest, std::int64_t{1} << 30));
    }();
    static std::vector<char> buffer(size);
    constexpr std::size_t kLine = 64;
    for (std::size_t i = 0; i < buffer.size(); i += kLine) ++buffer[i];
    benchmark::DoNotOptimize(buffer.data());
    benchmark::ClobberMemory();
}

}  // namespace headcount
