// One visit of one point: what is done between the calls of Google Benchmark, and what is seen besides the time.
#pragma once

#include <cstdint>
#include <functional>

#include "harness/journal/record.hpp"

namespace benchmark {
class State;
}

namespace headcount {

struct VisitPlan {
    std::int64_t iterations = 1;
    bool warm_first = true;   ///< an iteration that is not timed
    bool cold_cache = false;  ///< caches are emptied before the timed part
};

class Visit {
public:
    virtual ~Visit() = default;
    /// So many passes, for calibration. Seconds in all.
    virtual double seconds_of(std::int64_t times) = 0;
    /// Does take() say how long the passes took? Otherwise Google Benchmark's clock does.
    virtual bool keeps_time() const = 0;
    /// The whole visit. Of the sample everything is per pass already; wall_s, and cpu_s where the visit does not keep
    /// time, are Google Benchmark's and filled in afterwards.
    virtual Sample take(benchmark::State& state, const VisitPlan& plan) = 0;
};

/// A pass in this process: counters and what the kernel did meanwhile stand beside its time.
class VisitHere final : public Visit {
public:
    explicit VisitHere(std::function<void()> pass);
    double seconds_of(std::int64_t times) override;
    bool keeps_time() const override { return false; }
    Sample take(benchmark::State& state, const VisitPlan& plan) override;

private:
    std::function<void()> pass_;
};

/// Reads and writes a buffer of twice the largest cache, so that no operand survives in it.
void flush_caches();

}  // namespace headcount
