// Google Benchmark as the clockwork: one visit is one run of one registered benchmark.
#pragma once

#include <exception>
#include <map>
#include <string>

#include "harness/journal/record.hpp"
#include "harness/measure/clock/visit.hpp"

namespace headcount {

/// Beyond this, what a warm iteration could still change (caches of some ten MB, filled at some GB/s) is under 1 % of
/// the sample, and it would double the cost of the slowest points.
inline constexpr double kNoWarmIterationAfter_s = 1.0;
/// A visit meant to last min_sample_s should not fall below it because calibration met a slow moment.
inline constexpr double kSampleMargin = 1.2;

/// How visits are taken.
struct VisitOptions {
    double min_sample_s = 0.002;
    bool cold_cache = false;  ///< flush before the sample, one iteration a sample
};

/// Registers visits with Google Benchmark and takes them one at a time. What Google Benchmark does not do is done
/// elsewhere: the order of visits, when to stop, what is concluded.
class GbenchSampler {
public:
    GbenchSampler() = default;
    ~GbenchSampler();
    GbenchSampler(const GbenchSampler&) = delete;
    GbenchSampler& operator=(const GbenchSampler&) = delete;

    /// Chooses the iterations of a visit so that a sample lasts at least min_sample_s, and returns the
    /// seconds of one iteration as found on the way. `visit` must stay valid until forget().
    double calibrate(const std::string& name, Visit& visit, const VisitOptions& options);
    bool knows(const std::string& name) const { return entries_.contains(name); }
    void forget(const std::string& name);
    /// Throws what the visit threw, and Error for a name not calibrated or when Google Benchmark reports one.
    Sample visit(const std::string& name);

private:
    struct Entry {
        Visit* visit = nullptr;
        VisitPlan plan{};
        std::string handle{};  ///< name in Google Benchmark's registry
    };
    void register_entry(Entry& entry);
    void run_now(benchmark::State& state, const Entry& entry);

    std::map<std::string, Entry, std::less<>> entries_;
    int next_handle_ = 0;
    // Of the visit that is being taken: Google Benchmark calls back, and hands nothing through.
    Sample taken_;
    std::exception_ptr failure_;
};

}  // namespace headcount
