// What runs the verbs that attention is written in: the one place that checks, traces and reads a clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/backend/verbs/add.hpp"
#include "harness/backend/verbs/attend_shape.hpp"
#include "harness/backend/verbs/matmul.hpp"
#include "harness/backend/verbs/verb.hpp"
#include "harness/core/field.hpp"
#include "harness/core/mask.hpp"
#include "harness/core/op_cost.hpp"
#include "harness/core/point.hpp"
#include "harness/core/tensor.hpp"
#include "harness/core/workspace.hpp"

namespace headcount {

class Tape;

/// What Backend::matmul() may do besides (Matmul in verbs/matmul.hpp).
struct MatmulOptions {
    std::optional<double> scale;
    const Tensor* bias = nullptr;
    Mask mask;
    Masked masked = Masked::nothing;
    bool accumulate = false;
    std::optional<std::int64_t> needed_rows = {};  ///< the others are padding
};

/// Runs verbs. This class itself computes with each verb's naive kernel; a backend overrides compute(), and the ledger
/// executed(), for the verbs that it speeds up, and hands all others, those that are written later included, back.
class Backend {
public:
    Backend() = default;
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;
    virtual ~Backend() = default;

    /// Checks the shapes (throws Error), computes, and hands a span with both ledgers to who listens. Untraced calls
    /// read no clock and build no span.
    template <VerbOperands V>
    void run(std::string_view role, const V& operands) {
        run_verb(role, Verb(operands));
    }

    // The verbs of attention, in one line each.
    /// c = [scale *] a @ b [+ bias], all of one dtype.
    void matmul(std::string_view role, const Tensor& a, const Tensor& b, const Tensor& c,
                const MatmulOptions& options = {});
    void softmax_rows(std::string_view role, const Mask& mask, const Tensor& scores);
    void copy(std::string_view role, const Tensor& from, const Tensor& to);
    /// out = softmax(scale * q @ k^T + mask) @ v; scratch comes from `workspace` under the name "tile".
    void attend(std::string_view role, double scale, const Mask& mask, const Tensor& q, const Tensor& k,
                const Tensor& v, const Tensor& out, Workspace& workspace);

    /// Sends every later verb call to `sink`; null stops.
    void listen(OpSink* sink) { sink_ = sink; }

    /// Adds every later verb call to `tape`, too; null stops.
    void record(Tape* tape) { tape_ = tape; }

    /// From now on nothing is computed, and tensors need no data: what is left is the ledgers.
    void stay_dry() { dry_ = true; }
    bool executes() const { return !dry_; }

    virtual int num_threads() const { return 1; }
    /// What this backend's own path does, part by part as in the verb's required().
    virtual Parts executed(const Verb& verb) const { return verb.executed(); }
    /// How attend() is cut; the default suits the tiled loop on one thread.
    virtual AttendPlan attend_plan(const AttendShape& shape, const Mask& mask) const;

protected:
    /// Only computes. The default is the verb's naive kernel.
    virtual void compute(const Verb& verb) { verb.naive(wide_); }

private:
    void run_verb(std::string_view role, const Verb& verb);

    OpSink* sink_ = nullptr;
    Tape* tape_ = nullptr;
    bool dry_ = false;
    WideOperands wide_;
};

/// The same backend, for its ledgers alone.
std::unique_ptr<Backend> dry(std::unique_ptr<Backend> backend);

/// What a point says of how its backend computes.
struct Execution {
    int num_threads = 1;
    Settings own{};  ///< with the backend's own options
};
inline Execution execution_of(const Point& point) { return {.num_threads = point.num_threads, .own = point.own}; }

/// What `backends/x.cpp` defines as `BackendInfo x()`.
struct BackendInfo {
    std::string summary;
    std::vector<Field> own = {};  ///< options of its own (core/options.hpp)
    std::string missing;          ///< why it was not built ("CBLAS not found at configure time"); empty when it was
    /// Why this point cannot run (dtype, threads); empty when it can.
    std::string (*unsupported)(const Point& point) = nullptr;
    /// Why this point may use no verb but `attend`; empty, or null, when it may use all.
    std::string (*attends_only)(const Point& point) = nullptr;
    std::unique_ptr<Backend> (*make)(const Execution& execution) = nullptr;
    /// Facts about the library for the environment record, e.g. {"openblas_config", "..."}.
    std::vector<std::pair<std::string, std::string>> (*facts)() = nullptr;
};

}  // namespace headcount
