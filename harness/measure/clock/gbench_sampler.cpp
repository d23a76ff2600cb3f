// Registration, calibration and one visit at a time through Google Benchmark.
#include "harness/measure/clock/gbench_sampler.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "harness/core/error.hpp"

namespace headcount {
namespace {

// A first pass pays for page faults and for what libraries set up; this many times the sample it has to fill, it fills
// it without them too.
constexpr double kFillsAnyway = 2;
constexpr std::int64_t kMaxIterations = 1'000'000;

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
    // Map entries stay where they are until forget(), which clears the registry first.
    auto* const one = benchmark::RegisterBenchmark(entry.handle.c_str(),
                                                   [this, &entry](benchmark::State& state) { run_now(state, entry); });
    one->Iterations(entry.plan.iterations);
    if (entry.visit->keeps_time()) {
        one->UseManualTime();
    } else {
        one->MeasureProcessCPUTime()->UseRealTime();
    }
}

void GbenchSampler::run_now(benchmark::State& state, const Entry& entry) {
    try {
        taken_ = entry.visit->take(state, entry.plan);
    } catch (...) {
        failure_ = std::current_exception();  // not through Google Benchmark, which expects none
        state.SkipWithError("the visit failed");
    }
}

double GbenchSampler::calibrate(const std::string& name, Visit& visit, const VisitOptions& options) {
    std::int64_t iterations = 1;
    double seconds = visit.seconds_of(1);
    const bool fills = seconds >= kFillsAnyway * options.min_sample_s && seconds < kNoWarmIterationAfter_s;
    if (options.cold_cache || !fills) seconds = visit.seconds_of(1);
    while (!options.cold_cache && seconds < options.min_sample_s && iterations < kMaxIterations) {
        const double wanted =
            kSampleMargin * options.min_sample_s * static_cast<double>(iterations) / std::max(seconds, 1e-9);
        const auto next = static_cast<std::int64_t>(std::ceil(std::min(wanted, 1e3 * static_cast<double>(iterations))));
        iterations = std::clamp<std::int64_t>(next, iterations + 1, kMaxIterations);
        seconds = visit.seconds_of(iterations);
    }
    const double each = seconds / static_cast<double>(iterations);
    forget(name);
    Entry& entry = entries_[name];
    entry = {.visit = &visit,
             .plan = {.iterations = iterations,
                      .warm_first = options.cold_cache || each < kNoWarmIterationAfter_s,
                      .cold_cache = options.cold_cache}};
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
    taken_ = {};
    failure_ = nullptr;
    benchmark::RunSpecifiedBenchmarks(&collector, nullptr, "^" + found->second.handle + "/");
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    if (collector.runs().size() != 1) {
        throw Error(fmt::format("{}: Google Benchmark returned {} runs for one visit", name, collector.runs().size()));
    }
    const auto& run = collector.runs().front();
    if (run.error_occurred) throw Error(fmt::format("{}: {}", name, run.error_message));
    const auto iterations = static_cast<double>(run.iterations);
    Sample sample = std::move(taken_);
    sample.point = name;
    sample.iterations = run.iterations;
    sample.wall_s = run.real_accumulated_time / iterations;
    if (!found->second.visit->keeps_time()) sample.cpu_s = run.cpu_accumulated_time / iterations;
    return sample;
}

}  // namespace headcount
