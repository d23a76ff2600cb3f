// A point that one of our variants computes over one of our backends, in this process.
#pragma once

#include <optional>

#include "harness/measure/point/check.hpp"
#include "harness/measure/point/inputs.hpp"
#include "harness/measure/point/runnable.hpp"

namespace headcount {

class OwnPoint final : public Runnable {
public:
    /// `references` is shared with other points and outlives this one.
    OwnPoint(Point point, ReferenceCache& references);
    OwnPoint(const OwnPoint&) = delete;
    OwnPoint& operator=(const OwnPoint&) = delete;

    CheckRecord check() override;
    Visit& visit() override { return visit_; }
    Traced trace() override;
    PeakMemory peak_memory() override;

private:
    PointData& data();

    Point point_;
    ReferenceCache& references_;
    std::optional<PointData> data_;
    VisitHere visit_;
};

}  // namespace headcount
