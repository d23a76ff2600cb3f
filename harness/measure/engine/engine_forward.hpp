// The forward pass of a point that an engine computes: prepared, run, its times and results checked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/measure/engine/engine_clocks.hpp"
#include "harness/measure/engine/engine_pool.hpp"
#include "harness/measure/point/check.hpp"
#include "harness/measure/point/rotation.hpp"
#include "harness/measure/process/running_clock.hpp"
#include "harness/measure/process/shared_memory.hpp"

namespace headcount {

/// Every call may throw EngineFailure, after which the engine and all that it had prepared is gone; or Error, when it
/// says that it failed or cannot be believed.
class EngineForward {
public:
    /// The data lie in that memory. What is expected of each set of inputs is computed here, before the engine sees it,
    /// so that whatever the engine does there can only make it wrong.
    EngineForward(PointData& data, const SharedMemory& memory, ReferenceCache& references, EnginePool& pool);
    ~EngineForward();
    EngineForward(const EngineForward&) = delete;
    EngineForward& operator=(const EngineForward&) = delete;

    /// Until when the next calls have to be answered.
    void answer_by(RunningClock::time_point deadline) { deadline_ = deadline; }
    /// Sets everything up that can be; later calls do nothing. Throws EngineUnsupported for a problem that the engine
    /// cannot do.
    void prepare();
    /// Writes the inputs of that set and has the engine take them: by the request "inputs", or where it does not know
    /// that by preparing anew. Sets that verify() compares are those of set_of().
    void show(std::uint64_t set);
    /// A few sets take turns, because each needs a reference.
    static std::uint64_t set_of(std::int64_t round) { return static_cast<std::uint64_t>(round) % kSets; }
    /// `times` passes, as the engine's own clocks saw them. Throws Error when they cannot be true; or when three
    /// requests in a row were doubtful, and an examination finds that what they left out is a part of the passes.
    Clocked run(std::int64_t times);
    /// Runs long enough (20 ms) that what its clocks leave out would show; `pass_s` is what it says of one pass.
    void audit(double pass_s);
    /// Has the latest result written to `out`.
    void output();
    /// Overwrites `out`, so that what is there after output() was written by it.
    void poison_output();
    /// output(), and compares. Throws Error when the result is wrong.
    void verify();
    /// Of the inputs that are there. Throws Error for those that no visit has.
    const judge::ReferenceRows& expected() const;
    Bytes peak_memory();

private:
    static constexpr std::uint64_t kSets = 3;

    Json request(const char* verb) const;
    Timed ask_to_run(std::int64_t passes);
    void examine(const Timed& doubted, const std::string& why);
    [[noreturn]] void disbelieve(const std::string& why) const;
    EngineProcess& process();

    PointData& data_;
    Rotation rotation_;
    Point point_;
    Layout layout_;
    std::string file_;
    const char* base_;
    std::vector<judge::ReferenceRows> expected_;  ///< by set
    EnginePool& pool_;
    std::shared_ptr<EngineProcess> process_;
    RunningClock::time_point deadline_ = RunningClock::time_point::max();
    int handle_;
    bool prepared_ = false;
    int doubts_ = 0;  ///< in a row
    int enough_doubts_ = 3;
};

}  // namespace headcount
