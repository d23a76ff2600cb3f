#include "harness/measure/engine/engine_point.hpp"

#include <utility>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "harness/backend/all.hpp"
#include "harness/measure/engine/engine_hello.hpp"
#include "harness/measure/process/shared_memory.hpp"
#include "variants/all.hpp"

namespace headcount {
namespace {

/// Takes memory of that size for the point's tensors and fills it.
PointData data_in(SharedMemory& memory, const Point& point) {
    const Variant& variant = find_named(all_variants(), point.variant, "variant");
    PointData data(point, variant, verbs_of(point).make(execution_of(point)));
    Workspace none = Workspace::dry();
    lay_out(point, variant, *dry(verbs_of(point).make(execution_of(point))), none);
    memory = SharedMemory(none.reserved_bytes());
    data.store = Workspace::over(memory.data(), none.reserved_bytes());
    data.layout = lay_out(point, variant, *data.backend, data.store);
    return data;
}

}  // namespace

struct EnginePoint::Ready {
    Ready(const Point& point, ReferenceCache& references, EnginePool& engines)
        : data(data_in(memory, point)), forward(data, memory, references, engines) {}

    SharedMemory memory;
    PointData data;
    EngineForward forward;
};

/// All iterations of a visit are one request; the time is what the engine says.
class EnginePoint::VisitThere final : public Visit {
public:
    explicit VisitThere(EnginePoint& point) : point_(point) {}
    double seconds_of(std::int64_t times) override { return point_.forward().run(times).wall_s; }
    bool keeps_time() const override { return true; }
    Sample take(benchmark::State& state, const VisitPlan& plan) override {
        EngineForward& forward = point_.forward();
        // What this process did meanwhile, which is waiting, says nothing of the other one.
        Sample sample;
        sample.involuntary_switches = -1;
        forward.poison_output();
        if (plan.warm_first) forward.run(1);
        if (plan.cold_cache) flush_caches();
        while (state.KeepRunningBatch(plan.iterations)) {
            const Clocked took = forward.run(plan.iterations);
            state.SetIterationTime(took.wall_s);
            sample.cpu_s = took.cpu_s / static_cast<double>(plan.iterations);
        }
        forward.verify();
        return sample;
    }

private:
    EnginePoint& point_;
};

EnginePoint::EnginePoint(Point point, ReferenceCache& references, EnginePool& engines)
    : point_(std::move(point)),
      references_(references),
      engines_(engines),
      visit_(std::make_unique<VisitThere>(*this)) {}

EnginePoint::~EnginePoint() = default;

EngineForward& EnginePoint::forward() {
    if (!ready_) {
        if (const std::string reason = why_it_cannot_run(point_); !reason.empty()) {
            throw Error(point_.id() + " cannot run: " + reason);
        }
        ready_ = std::make_unique<Ready>(point_, references_, engines_);
    }
    ready_->forward.answer_by(deadline_);
    return ready_->forward;
}

CheckRecord EnginePoint::check() {
    EngineForward& engine = forward();
    engine.show(kFirstInputs);
    engine.poison_output();
    engine.run(1);
    engine.output();
    return compare(ready_->data.layout.out, engine.expected());
}

void EnginePoint::show_inputs_of(std::int64_t round) { forward().show(EngineForward::set_of(round)); }

void EnginePoint::audit(double pass_s) {
    EngineForward& engine = forward();
    engine.audit(pass_s);
    refuse_kept_results(
        pass_s, [&](std::uint64_t set) { engine.show(set); }, [&] { return engine.run(1).wall_s; });
}

Traced EnginePoint::trace() {
    throw Error(fmt::format("engine {} computes {}: it has no verbs to look at", point_.backend, point_.id()));
}

PeakMemory EnginePoint::peak_memory() {
    const Bytes before = engines_.of(point_.backend, point_.num_threads, deadline_)->peak_memory();
    EngineForward& engine = forward();
    engine.run(1);
    engine.output();
    return growth(before, engine.peak_memory(), -1);  // how much of it is workspace only the engine knows
}

}  // namespace headcount
