// Makes the points of a process runnable: the only place that asks whether one of ours or an engine computes.
#pragma once

#include <memory>

#include "harness/core/point.hpp"
#include "harness/measure/engine/engine_pool.hpp"
#include "harness/measure/point/check.hpp"
#include "harness/measure/point/runnable.hpp"

namespace headcount {

/// Outlives the points that it made: they share its engines and its last reference.
class PointMaker {
public:
    std::unique_ptr<Runnable> make(const Point& point);

private:
    EnginePool engines_;
    ReferenceCache references_;
};

}  // namespace headcount
