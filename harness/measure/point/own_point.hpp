// A point that one of our variants computes over one of our backends, in this process.
#pragma once

#include <cstdint>
#include <optional>

#include "harness/measure/point/check.hpp"
#include "harness/measure/point/inputs.hpp"
#include "harness/measure/point/rotation.hpp"
#include "harness/measure/point/runnable.hpp"

namespace headcount {

class OwnPoint final : public Runnable {
public:
    /// `references` is shared with other points and outlives this one.
    OwnPoint(Point point, ReferenceCache& references);
    /// Of data that are there already, with their first inputs.
    OwnPoint(PointData data, ReferenceCache& references);
    OwnPoint(const OwnPoint&) = delete;
    OwnPoint& operator=(const OwnPoint&) = delete;

    CheckRecord check() override;
    Visit& visit() override { return visit_; }
    void show_inputs_of(std::int64_t round) override;
    CheckRecord check_again() override;
    void audit(double pass_s) override;
    Traced trace() override;
    PeakMemory peak_memory() override;

private:
    PointData& data();
    void show(std::uint64_t set);

    Point point_;
    ReferenceCache& references_;
    std::optional<PointData> data_;
    std::optional<Rotation> rotation_;
    VisitHere visit_;
};

}  // namespace headcount
