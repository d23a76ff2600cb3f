// A point that an engine computes: its data lie in memory that both processes see.
#pragma once

#include <memory>
#include <optional>

#include "harness/measure/clock/visit.hpp"
#include "harness/measure/engine/engine_forward.hpp"
#include "harness/measure/engine/engine_pool.hpp"
#include "harness/measure/point/check.hpp"
#include "harness/measure/point/runnable.hpp"
#include "harness/measure/process/running_clock.hpp"

namespace headcount {

/// Besides what Runnable says, every call may throw EngineFailure, after which the engine and all that it had prepared
/// is gone, and EngineUnsupported.
class EnginePoint final : public Runnable {
public:
    /// Both are shared with other points and outlive this one.
    EnginePoint(Point point, ReferenceCache& references, EnginePool& engines);
    ~EnginePoint() override;
    EnginePoint(const EnginePoint&) = delete;
    EnginePoint& operator=(const EnginePoint&) = delete;

    void answer_by(RunningClock::time_point deadline) override { deadline_ = deadline; }
    CheckRecord check() override;
    Visit& visit() override { return *visit_; }
    void show_inputs_of(std::int64_t round) override;
    void audit(double pass_s) override;
    Traced trace() override;
    PeakMemory peak_memory() override;

private:
    class VisitThere;
    struct Ready;
    EngineForward& forward();

    Point point_;
    ReferenceCache& references_;
    EnginePool& engines_;
    RunningClock::time_point deadline_ = RunningClock::time_point::max();
    std::unique_ptr<Ready> ready_;
    std::unique_ptr<Visit> visit_;
};

}  // namespace headcount
