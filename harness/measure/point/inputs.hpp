// Everything one point computes with: seeded inputs and weights, the backend, and exactly the memory predicted.
#pragma once

#include <cstdint>
#include <memory>

#include "harness/backend/backend.hpp"
#include "harness/core/point.hpp"
#include "harness/core/workspace.hpp"
#include "harness/measure/process/shared_memory.hpp"
#include "variants/variant.hpp"

namespace headcount {

/// Tensors of one problem. Equal problems and seeds give equal data, whatever variant or backend.
struct Layout {
    Inputs inputs;
    Weights canonical;  ///< what the definition speaks of
    Weights prepared;   ///< what forward() reads
    Tensor out;

    /// Inputs, prepared weights and output; a tensor that serves twice counts once.
    std::int64_t bytes() const;
};

/// Takes all tensors from `store`, fills them unless it is dry, and lets the variant prepare its weights.
/// Inputs have unit variance, weights variance 1 / rows, so that scores are of order one.
Layout lay_out(const Point& point, const Variant& variant, Backend& backend, Workspace& store);

class ExternalForward;

/// Owns what the tensors point into. Empty (null data) for a backend that does not execute.
struct PointData {
    PointData(const Point& point, const Variant& variant, std::unique_ptr<Backend> backend);
    PointData(PointData&& other) noexcept;
    PointData& operator=(PointData&&) = delete;
    PointData(const PointData&) = delete;
    PointData& operator=(const PointData&) = delete;
    ~PointData();

    Point point;
    const Variant* variant;
    std::unique_ptr<Backend> backend;
    SharedMemory shared;  ///< behind `store` for a point that an engine computes
    Workspace store;      ///< inputs, weights, output
    Layout layout;
    Workspace workspace;                        ///< temporaries of forward(), as large as the dry run said
    std::unique_ptr<ExternalForward> external;  ///< what computes instead; null for all that is linked
};

/// Throws UsageError for unknown names, Error when the point cannot run or memory is refused. A point of an engine is
/// laid out and filled in shared memory; whoever runs it sets `external`.
PointData make_point_data(const Point& point);

/// One forward pass; allocates nothing but what the workspace already holds. An engine's also writes its output.
void run_forward(PointData& data);

/// The backend whose verbs a point is laid out and counted with: its own, or for an engine, which has none, the
/// plainest.
const BackendInfo& verbs_of(const Point& point);

/// Why the point cannot run here: the variant or backend does not support it, or the backend is missing;
/// "" when it can. Throws UsageError for unknown names.
std::string why_unsupported(const Point& point);

}  // namespace headcount
