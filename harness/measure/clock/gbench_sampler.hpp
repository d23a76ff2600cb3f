// Google Benchmark as the clockwork: one visit is one run of one registered benchmark.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/journal/record.hpp"
#include "harness/measure/engine/engine_clocks.hpp"

namespace headcount {

/// How visits are taken.
struct VisitOptions {
    double min_sample_s = 0.002;
    bool cold_cache = false;  ///< flush before the sample, one iteration a sample
};

/// Registers forward passes with Google Benchmark and visits them one at a time. What Google Benchmark does
/// not do is done elsewhere: the order of visits, when to stop, what is concluded.
class GbenchSampler {
public:
    GbenchSampler() = default;
    ~GbenchSampler();
    GbenchSampler(const GbenchSampler&) = delete;
    GbenchSampler& operator=(const GbenchSampler&) = delete;

    /// Chooses the iterations of a visit so that a sample lasts at least min_sample_s, and returns the
    /// seconds of one iteration as found on the way. `forward` must stay valid until forget().
    double calibrate(const std::string& name, std::function<void()> forward, const VisitOptions& options);
    /// The same for what runs elsewhere: `batch` runs so many passes and says what they took in all.
    using Batch = std::function<Clocked(std::int64_t times)>;
    double calibrate(const std::string& name, Batch batch, const VisitOptions& options);
    bool knows(const std::string& name) const { return entries_.contains(name); }
    void forget(const std::string& name);
    /// Throws Error for a name not calibrated or when Google Benchmark reports an error.
    Sample visit(const std::string& name);

private:
    struct Entry {
        std::function<void()> forward;  ///< or
        Batch batch;
        std::int64_t iterations = 1;
        bool warm_first = true;
        bool cold_cache = false;
        std::string handle;  ///< name in Google Benchmark's registry
    };
    void register_entry(Entry& entry);
    double calibrate(const std::string& name, Entry entry, const VisitOptions& options);

    std::map<std::string, Entry, std::less<>> entries_;
    int next_handle_ = 0;
};

/// Reads and writes a buffer of twice the largest cache, so that no operand survives in it.
void flush_caches();

}  // namespace headcount
