// The forward pass of a point that an engine computes: prepared, run, its times and results checked.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "harness/measure/engine/engine_clocks.hpp"
#include "harness/measure/engine/engine_process.hpp"
#include "harness/measure/point/check.hpp"

namespace headcount {

/// The engines of one worker: one process for each engine and number of threads, started when it is first needed.
class EnginePool {
public:
    /// Throws EngineFailure, EngineUnsupported when it is missing.
    std::shared_ptr<EngineProcess> of(const std::string& engine, int num_threads,
                                      EngineProcess::Clock::time_point deadline);

private:
    std::map<std::pair<std::string, int>, std::shared_ptr<EngineProcess>> processes_;
};

/// Every call may throw EngineFailure, after which the engine and all that it had prepared is gone; or Error, when it
/// says that it failed or cannot be believed.
class ExternalForward {
public:
    /// `expected` is computed before the engine sees the memory, so that whatever it does there can only make it wrong.
    ExternalForward(const PointData& data, judge::ReferenceRows expected, EnginePool& pool);
    ~ExternalForward();
    ExternalForward(const ExternalForward&) = delete;
    ExternalForward& operator=(const ExternalForward&) = delete;

    /// Until when the next calls have to be answered.
    void answer_by(EngineProcess::Clock::time_point deadline) { deadline_ = deadline; }
    /// Sets everything up that can be; later calls do nothing. Throws EngineUnsupported for a problem that the engine
    /// cannot do.
    void prepare();
    /// `times` passes, as the engine's own clocks saw them. Throws Error when they cannot be true, or when three
    /// requests in a row were doubtful.
    Clocked run(std::int64_t times);
    /// Runs long enough (20 ms) that what its clocks leave out would show; `pass_s` is what it says of one pass.
    void audit(double pass_s);
    /// Has the latest result written to `out`.
    void output();
    /// Overwrites `out`, so that what is there after output() was written by it.
    void poison_output();
    /// output(), and compares. Throws Error when the result is wrong.
    void verify();
    const judge::ReferenceRows& expected() const { return expected_; }
    Bytes peak_memory();

private:
    Json request(const char* verb) const;
    EngineProcess& process();

    Point point_;
    Layout layout_;
    std::string file_;
    const char* base_;
    judge::ReferenceRows expected_;
    EnginePool& pool_;
    std::shared_ptr<EngineProcess> process_;
    EngineProcess::Clock::time_point deadline_ = EngineProcess::Clock::time_point::max();
    int handle_;
    bool prepared_ = false;
    int doubts_ = 0;
};

}  // namespace headcount
