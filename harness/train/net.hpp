// A model with its memory and its derivatives; what it works on is known before any is taken.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "harness/backend/backend.hpp"
#include "harness/backend/backward.hpp"
#include "harness/backend/verbs/adamw.hpp"
#include "harness/core/workspace.hpp"
#include "harness/train/model.hpp"

namespace headcount {

/// Everything that a step works on.
struct Net {
    Net(const Point& point, const Variant& variant, const ModelShape& shape, Workspace its_learned, Workspace its_data,
        Workspace its_temporaries);
    /// The tape of a forward pass by a backend that does not compute, and where derivatives lie. `listener` hears the
    /// forward pass, too.
    void record(Backend& dry_backend, OpSink* listener = nullptr);

    Workspace learned, data, temporaries;
    std::unique_ptr<Model> model;
    Backward backward{};
    Forwarded made{};
};

/// Which passes a net is made for: without a backward one, frames of the forward one give back what they took.
enum class Passes : std::uint8_t { forward, both };

/// The net of the point, with memory of just its size, that has recorded its passes. `heads` are those of each layer
/// where not all have as many as the point. Throws Error when memory is refused.
Net make_net(const Point& point, Passes passes, const std::vector<std::int64_t>& heads = {});

/// The optimiser's part of a step, with the norm of the gradient.
void update_parameters(Backend& backend, const AdamW& adamw);

/// The backend of the point.
std::unique_ptr<Backend> backend_of(const Point& point);

/// Whether the point's model is a decoder, and how many layers of attention it has.
bool decodes(const Point& point);
std::int64_t layers_of(const Point& point);

/// One step, walked without memory or arithmetic. Throws Error when a verb has no derivative.
struct DryStep {
    std::vector<OpSpan> spans;
    std::int64_t cache_bytes = 0, parameters = 0;
    std::int64_t score_bytes = 0;                          ///< with their derivatives
    std::int64_t workspace_bytes = 0, reserved_bytes = 0;  ///< temporaries and their derivatives
    std::int64_t learned_bytes = 0, data_bytes = 0;        ///< parameters alone; a batch
};
DryStep dry_step(const Point& point);

}  // namespace headcount
