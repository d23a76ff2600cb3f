// Everything one point computes with: seeded inputs and weights, the backend, and exactly the memory predicted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/backend/backend.hpp"
#include "harness/backend/backward.hpp"
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

/// Writes every element of one input or weight, dense [batch or 1, 1, 1, rows, cols]. `scale` is the standard deviation
/// of what the harness would draw.
using Fill = std::function<void(std::string_view name, const Tensor& to, double scale)>;

/// Takes all tensors from `store`, fills them unless it is dry, and lets the variant prepare its weights.
/// Without `fill` numbers follow from the point's seed: inputs of unit variance, weights of variance 1 / rows, so that
/// scores are of order one.
Layout lay_out(const Point& point, const Variant& variant, Backend& backend, Workspace& store, const Fill& fill = {});

/// Of a `cached` point: what a pass finds of the tokens before its own.
struct KeptTokens {
    Workspace memory = Workspace::dry();
    std::int64_t bytes = 0;          ///< that are reserved for it
    std::int64_t filling_bytes = 0;  ///< of temporaries while it is filled
};

/// Owns what the tensors point into. Empty (null data) for a backend that does not execute.
struct PointData {
    PointData(const Point& point, const Variant& variant, std::unique_ptr<Backend> backend);

    Point point;
    const Variant* variant;
    std::unique_ptr<Backend> backend;
    Workspace store;  ///< inputs, weights, output
    Layout layout;
    std::uint64_t input_set = 0;         ///< which numbers its inputs hold now: rotation.hpp
    Workspace workspace;                 ///< temporaries of forward(), as large as the dry run said
    KeptTokens kept{};                   ///< empty for a point that is not cached
    std::unique_ptr<Backward> backward;  ///< null for a forward pass alone

    /// High-water mark of all temporaries and, of a backward pass, their derivatives.
    std::int64_t temporaries_bytes() const;
};

/// The verbs of a point, walked without memory or arithmetic.
struct DryRun {
    Layout layout;
    Workspace store, workspace;
    std::unique_ptr<Backward> backward;  ///< null for a forward pass alone
    std::vector<OpSpan> spans{};         ///< of the passes that the point times
    std::int64_t cache_bytes = 0;
    bool keeps_tokens = false;  ///< whether a later pass could go on from what this one left
    KeptTokens kept{};          ///< no memory, but the bytes
};

/// Throws Error when a verb of a backward pass has no derivative.
DryRun dry_run(const Point& point, const Variant& variant, const BackendInfo& verbs);

/// Throws UsageError for unknown names, Error when the point cannot run or memory is refused; and what `fill` throws.
PointData make_point_data(const Point& point, const Fill& fill = {});
/// Gives the keys a sequence of their own where they share the queries' (equal lengths): x_kv becomes a copy of x_q in
/// the memory that is returned and has to live as long as `data` runs. Null memory where nothing was shared.
Workspace separate_x_kv(PointData& data);

/// Of a cached point, forgets what is kept and makes it anew of the inputs as they are: to be called whenever x_kv has
/// changed, outside any clock. It is what the variant's own forward pass leaves of the first tokens. What no pass has
/// written is NaN. Does nothing for other points.
void renew_kept(PointData& data);

/// One forward pass; allocates nothing but what the workspace already holds.
void run_forward(PointData& data);
/// What the point times: its forward pass, its backward pass after a forward pass that is kept, or both. No less
/// frugal.
void run_pass(PointData& data);
/// Numbers with mean 0 and variance scale^2: the same for one seed and name on every machine.
void fill_random(const Tensor& t, std::uint64_t seed, std::string_view name, double scale);

/// The backend whose verbs a point is laid out and counted with: its own, or for an engine, which has none, the
/// plainest.
const BackendInfo& verbs_of(const Point& point);

/// Why the point cannot run here: the variant or backend does not support it, or the backend is missing; "" when it
/// can, as far as is known without starting anything (engines: engine/engine_hello.hpp). Throws UsageError for unknown
/// names.
std::string why_unsupported(const Point& point);

}  // namespace headcount
