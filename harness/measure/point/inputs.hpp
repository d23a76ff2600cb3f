// Everything one point computes with: seeded inputs and weights, the backend, and exactly the memory predicted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/backend/backend.hpp"
#include "harness/core/op_cost.hpp"
#include "harness/core/point.hpp"
#include "harness/core/workspace.hpp"
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

/// What a forward pass does, found by running it without data.
struct DryRun {
    Workspace store = Workspace::dry();      ///< of inputs, weights, output
    Workspace workspace = Workspace::dry();  ///< of temporaries
    Layout layout;
    std::vector<OpSpan> spans;     ///< the verbs of forward(), not those that prepare weights
    std::int64_t cache_bytes = 0;  ///< of keys and values that decoding would keep
};
/// With the ledgers of `verbs`. The variant runs the point.
DryRun dry_run(const Point& point, const Variant& variant, const BackendInfo& verbs);

/// Owns what the tensors point into. Empty (null data) for a backend that does not execute.
struct PointData {
    PointData(const Point& point, const Variant& variant, std::unique_ptr<Backend> backend);

    Point point;
    const Variant* variant;
    std::unique_ptr<Backend> backend;
    Workspace store;  ///< inputs, weights, output
    Layout layout;
    Workspace workspace;  ///< temporaries of forward(), as large as the dry run said
};

/// Throws UsageError for unknown names, Error when the point cannot run or memory is refused.
PointData make_point_data(const Point& point);

/// One forward pass; allocates nothing but what the workspace already holds.
void run_forward(PointData& data);

/// The backend whose verbs a point is laid out and counted with: its own, or for an engine, which has none, the
/// plainest.
const BackendInfo& verbs_of(const Point& point);

/// Why the point cannot run here: the variant or backend does not support it, or the backend is missing; "" when it
/// can, as far as is known without starting anything (engines: engine/engine_hello.hpp). Throws UsageError for unknown
/// names.
std::string why_unsupported(const Point& point);

}  // namespace headcount
