// How much others used the processors while we measured.
#pragma once

#include "harness/measure/machine/environment.hpp"
#include "harness/measure/worker/sampler.hpp"

namespace headcount {

/// Compares what all processors did with what this process and its worker did. The kernel counts in ticks of
/// 10 ms, so a reading covers at least a quarter of a second and short rounds share one.
class LoadMeter {
public:
    explicit LoadMeter(const Worker& worker);

    struct Reading {
        double foreign_load = -1;  ///< processors kept busy by others; -1: unavailable
        double steal_s = -1;       ///< over the round
    };
    /// Once a round, after it.
    Reading after_round();

private:
    double own_cpu_s() const;

    const Worker* worker_;
    double start_s_ = 0, start_own_s_ = 0;
    CpuTimes start_, previous_;
    double last_load_ = -1;
};

}  // namespace headcount
