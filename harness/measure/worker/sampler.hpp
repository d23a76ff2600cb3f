// Who takes samples: a worker process, or a simulation in tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "harness/core/error.hpp"
#include "harness/core/sweep.hpp"
#include "harness/journal/record.hpp"
#include "harness/measure/clock/traced.hpp"
#include "harness/measure/limits/limit_set.hpp"
#include "harness/measure/machine/process_memory.hpp"
#include "harness/measure/process/signals.hpp"

namespace headcount {

/// One point could not do what was asked. When the worker is gone with it, it has to be started anew.
struct PointFailure : Error {
    PointFailure(const std::string& what, bool lost, Outcome becomes = Outcome::failed)
        : Error(what), worker_lost(lost), outcome(becomes) {}
    bool worker_lost;
    std::string point{};  ///< which it was, where more than one was asked
    std::string bound{};  ///< of the protocol, where that ended it: "timeout_s", "memory_limit_bytes"
    Outcome outcome;      ///< of the point: failed, or skipped where an engine says that it cannot do this problem
};

/// Takes one sample at a time, of whichever point is named. Order, stopping and budget stand above it.
class Sampler {
public:
    virtual ~Sampler() = default;
    /// One visit: an untimed warm iteration, then the calibrated number of timed ones. Throws PointFailure.
    virtual Sample visit(const std::string& point) = 0;
};

/// All that is asked of the process that runs points. Every call may throw PointFailure or Interrupted.
class Worker : public Sampler {
public:
    /// Prepares the point and compares its output with the reference; a wrong one is a PointFailure.
    virtual CheckRecord check(const std::string& point) = 0;
    /// Prepares the point where it is not yet, and fixes the iterations of its visits. Seconds per iteration.
    virtual double calibrate(const std::string& point) = 0;
    /// One training of a point with a task, as Runnable::train(): the model begins anew.
    virtual Sample train(const std::string& point, std::int64_t run, double learning_rate,
                         const std::filesystem::path& checkpoint) = 0;
    /// The visits that follow are of that round: a point computes on other inputs in each.
    virtual void begin_round(int /*round*/) {}
    /// After the last visit: once more compared with the reference, on inputs that the point has not seen. A wrong one
    /// is a PointFailure; `done` is false where there is nothing to compare.
    virtual CheckRecord check_again(const std::string& /*point*/) { return {}; }
    virtual Traced trace(const std::string& point) = 0;
    /// Gives the point's memory back; the next call prepares it again.
    virtual void forget(const std::string& point) = 0;
    /// Asked of a fresh worker, which does nothing else.
    virtual PeakMemory peak_memory(const std::string& point) = 0;
    /// As measure_limits().
    virtual std::map<std::string, double> limits(const std::vector<int>& num_threads, LimitSet which) = 0;
    /// Processor time this worker and the engines it runs have used since they began, in seconds; negative when
    /// unknown.
    virtual double cpu_seconds() const { return -1; }
};

}  // namespace headcount
