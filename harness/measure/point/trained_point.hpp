// A point whose model is trained for its task, in this process.
#pragma once

#include <optional>

#include "harness/measure/point/check.hpp"
#include "harness/measure/point/runnable.hpp"
#include "harness/train/trainer.hpp"

namespace headcount {

class TrainedPoint final : public Runnable {
public:
    /// `references` is shared with other points and outlives this one.
    TrainedPoint(Point point, ReferenceCache& references);
    TrainedPoint(const TrainedPoint&) = delete;
    TrainedPoint& operator=(const TrainedPoint&) = delete;

    /// Of the attention in the model, in both passes.
    CheckRecord check() override;
    /// A pass is a step.
    Visit& visit() override { return visit_; }
    Sample train(std::int64_t run, double learning_rate, const std::filesystem::path& checkpoint) override;
    /// Of a step.
    Traced trace() override;
    PeakMemory peak_memory() override;

private:
    Trainer& trainer();

    Point point_;
    ReferenceCache& references_;
    std::optional<Trainer> trainer_;
    VisitHere visit_;
};

}  // namespace headcount
