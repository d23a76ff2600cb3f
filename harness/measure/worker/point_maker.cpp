#include "harness/measure/worker/point_maker.hpp"

#include "harness/core/engine.hpp"
#include "harness/measure/engine/engine_point.hpp"
#include "harness/measure/point/own_point.hpp"
#include "harness/measure/point/trained_point.hpp"

namespace headcount {

std::unique_ptr<Runnable> PointMaker::make(const Point& point) {
    if (is_external(point)) return std::make_unique<EnginePoint>(point, references_, engines_);
    if (point.trains()) return std::make_unique<TrainedPoint>(point, references_);
    return std::make_unique<OwnPoint>(point, references_);
}

}  // namespace headcount
