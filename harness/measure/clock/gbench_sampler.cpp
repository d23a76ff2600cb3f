// Registration, calibration and one visit at a time through Google Benchmark.
#include "harness/measure/clock/gbench_sampler.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <map>
#include <optional>
#include <utility>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include "harness/core/error.hpp"
#include "harness/measure/machine/counters.hpp"

namespace headcount {
namespace {

// Beyond this, what a warm iteration could still change (caches of some ten MB, filled at some GB/s) is under
// 1 % of the sample, and it would double the cost of the slowest points.
constexpr double kNoWarmIterationAfter_s = 1.0;
// A visit meant to last min_sample_s should not fall below it because calibration met a slow moment.
constexpr double kMargin = 1.2;
// A first pass pays for page faults and for what libraries set up; this many times the sample it has to fill, it fills
// it without them too.
constexpr double kFillsAnyway = 2;
constexpr std::int64_t kMaxIterations = 1'000'000;

double seconds_of(const std::function<void()>& forward, const GbenchSampler::Batch& batch, std::int64_t iterations) {
    if (batch) return batch(iterations).wall_s;
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t i = 0; i < iterations; ++i) forward();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// What the kernel did to this process, all its threads.
struct Disturbance {
    std::int64_t involuntary_switches = 0;
    std::int64_t page_faults = -1;
};

std::optional<rusage> usage_now() {
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) != 0) return std::nullopt;
    return usage;
}

Disturbance between(const std::optional<rusage>& before, const std::optional<rusage>& after) {
    if (!before || !after) return {};
    return {.involuntary_switches = after->ru_nivcsw - before->ru_nivcsw,
            .page_faults = (after->ru_minflt - before->ru_minflt) + (after->ru_majflt - before->ru_majflt)};
}

// Google Benchmark calls the registered function back; there is one visit at a time in a process.
Disturbance g_disturbance;
std::map<std::string, double> g_counters;
double g_batch_cpu_s = 0;
std::exception_ptr g_batch_failure;

/// One visit of what runs elsewhere: all its iterations are one request, the time is what it says.
void visit_batch(benchmark::State& state, const GbenchSampler::Batch& batch, std::int64_t iterations, bool warm,
                 bool cold) {
    try {
        if (warm) batch(1);
        if (cold) flush_caches();
        while (state.KeepRunningBatch(iterations)) {
            const Clocked took = batch(iterations);
            state.SetIterationTime(took.wall_s);
            g_batch_cpu_s = took.cpu_s;
        }
    } catch (...) {
        g_batch_failure = std::current_exception();  // not through Google Benchmark, which expects none
        state.SkipWithError("the batch failed");
    }
}

/// Begun with the first calibration, when the threads of the libraries are there.
Counters& counters() {
    static Counters the_counters;
    return the_counters;
}

/// Hands the sample over and prints nothing.
class Collector final : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>& runs) override { runs_.insert(runs_.end(), runs.begin(), runs.end()); }
    const std::vector<Run>& runs() const { return runs_; }

private:
    std::vector<Run> runs_;
};

}  // namespace

GbenchSampler::~GbenchSampler() { benchmark::ClearRegisteredBenchmarks(); }

void GbenchSampler::register_entry(Entry& entry) {
    entry.handle = fmt::format("visit{}", next_handle_++);
    if (entry.batch) {
        benchmark::RegisterBenchmark(
            entry.handle.c_str(),
            [batch = entry.batch, n = entry.iterations, warm = entry.warm_first,
             cold = entry.cold_cache](benchmark::State& state) { visit_batch(state, batch, n, warm, cold); })
            ->Iterations(entry.iterations)
            ->UseManualTime();
        return;
    }
    benchmark::RegisterBenchmark(
        entry.handle.c_str(),
        [forward = entry.forward, warm = entry.warm_first, cold = entry.cold_cache](benchmark::State& state) {
            if (warm) forward();
            if (cold) flush_caches();
            const auto before = usage_now();
            counters().start();
            for (auto _ : state) forward();
            g_counters = counters().stop();
            g_disturbance = between(before, usage_now());
        })
        ->Iterations(entry.iterations)
        ->MeasureProcessCPUTime()
        ->UseRealTime();
}

double GbenchSampler::calibrate(const std::string& name, std::function<void()> forward, const VisitOptions& options) {
    return calibrate(name, Entry{.forward = std::move(forward), .batch = {}, .handle = {}}, options);
}

double GbenchSampler::calibrate(const std::string& name, Batch batch, const VisitOptions& options) {
    return calibrate(name, Entry{.forward = {}, .batch = std::move(batch), .handle = {}}, options);
}

double GbenchSampler::calibrate(const std::string& name, Entry fresh, const VisitOptions& options) {
    counters();
    const auto seconds_of_passes = [&fresh](std::int64_t times) {
        return seconds_of(fresh.forward, fresh.batch, times);
    };
    std::int64_t iterations = 1;
    double seconds = seconds_of_passes(1);
    const bool fills = seconds >= kFillsAnyway * options.min_sample_s && seconds < kNoWarmIterationAfter_s;
    if (options.cold_cache || !fills) seconds = seconds_of_passes(1);
    while (!options.cold_cache && seconds < options.min_sample_s && iterations < kMaxIterations) {
        const double wanted =
            kMargin * options.min_sample_s * static_cast<double>(iterations) / std::max(seconds, 1e-9);
        const auto next = static_cast<std::int64_t>(std::ceil(std::min(wanted, 1e3 * static_cast<double>(iterations))));
        iterations = std::clamp<std::int64_t>(next, iterations + 1, kMaxIterations);
        seconds = seconds_of_passes(iterations);
    }
    const double each = seconds / static_cast<double>(iterations);
    forget(name);
    Entry& entry = entries_[name];
    entry = std::move(fresh);
    entry.iterations = iterations;
    entry.warm_first = options.cold_cache || each < kNoWarmIterationAfter_s;
    entry.cold_cache = options.cold_cache;
    register_entry(entry);
    return each;
}

void GbenchSampler::forget(const std::string& name) {
    // The registry knows only "clear all"; what stays is registered again.
    if (entries_.erase(name) == 0) return;
    benchmark::ClearRegisteredBenchmarks();
    for (auto& [other, entry] : entries_) register_entry(entry);
}

Sample GbenchSampler::visit(const std::string& name) {
    const auto found = entries_.find(name);
    if (found == entries_.end()) throw Error(fmt::format("{}: visited before it was calibrated", name));
    Collector collector;
    g_disturbance = {};
    g_batch_failure = nullptr;
    benchmark::RunSpecifiedBenchmarks(&collector, nullptr, "^" + found->second.handle + "/");
    if (g_batch_failure) std::rethrow_exception(g_batch_failure);
    if (collector.runs().size() != 1) {
        throw Error(fmt::format("{}: Google Benchmark returned {} runs for one visit", name, collector.runs().size()));
    }
    const auto& run = collector.runs().front();
    if (run.error_occurred) throw Error(fmt::format("{}: {}", name, run.error_message));
    const auto iterations = static_cast<double>(run.iterations);
    if (found->second.batch) {
        // What this process did meanwhile, which is waiting, says nothing of the other one.
        return {.point = name,
                .order = 0,
                .iterations = run.iterations,
                .wall_s = run.real_accumulated_time / iterations,
                .cpu_s = g_batch_cpu_s / iterations,
                .involuntary_switches = -1,
                .page_faults = -1};
    }
    for (auto& [counter, value] : g_counters) {
        if (counter != "counted_share") value /= iterations;
    }
    return {.point = name,
            .order = 0,
            .iterations = run.iterations,
            .wall_s = run.real_accumulated_time / iterations,
            .cpu_s = run.cpu_accumulated_time / iterations,
            .involuntary_switches = g_disturbance.involuntary_switches,
            .page_faults = g_disturbance.page_faults,
            .counters = std::move(g_counters)};
}

void flush_caches() {
    static const std::size_t size = [] {
        std::int64_t largest = 32 << 20;  // where the caches cannot be read: more than most have
        for (const auto& cache : benchmark::CPUInfo::Get().caches)
            largest = std::max<std::int64_t>(largest, cache.size);
        return static_cast<std::size_t>(std::min<std::int64_t>(2 * largest, std::int64_t{1} << 30));
    }();
    static std::vector<char> buffer(size);
    constexpr std::size_t kLine = 64;
    for (std::size_t i = 0; i < buffer.size(); i += kLine) ++buffer[i];
    benchmark::DoNotOptimize(buffer.data());
    benchmark::ClobberMemory();
}

}  // namespace headcount
