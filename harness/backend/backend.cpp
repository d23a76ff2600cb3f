#include "harness/backend/backend.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include "harness/backend/tape.hpp"
#include "harness/backend/verbs/attend.hpp"
#include "harness/backend/verbs/copy.hpp"
#include "harness/backend/verbs/softmax_rows.hpp"
#include "harness/core/error.hpp"
#include "harness/core/stopwatch.hpp"

namespace headcount {
namespace {

/// Both ledgers of a call side by side. Throws Error where a backend's ledger has other parts than the verb.
std::vector<OpPart> ledgers(std::string_view role, const Parts& required, const Parts& executed) {
    const auto same = [](const PartCost& a, const PartCost& b) { return a.op == b.op && a.role == b.role; };
    if (!std::equal(required.begin(), required.end(), executed.begin(), executed.end(), same)) {
        throw Error("'" + std::string(role) + "': executed() of the backend names other parts than the verb requires");
    }
    std::vector<OpPart> parts;
    for (std::size_t i = 0; i < required.size(); ++i) {
        parts.push_back({.op = std::string(required[i].op),
                         .role = std::string(required[i].role.empty() ? role : required[i].role),
                         .required = required[i].cost,
                         .executed = executed[i].cost});
    }
    return parts;
}

}  // namespace

void Backend::run_verb(std::string_view role, const Verb& verb) {
    verb.check(role);
    if (tape_ != nullptr) tape_->add(role, verb);
    if (sink_ == nullptr) {
        if (!dry_) compute(verb);
        return;
    }
    OpSpan span{.verb = std::string(verb.name()),
                .role = std::string(role),
                .seconds = 0,
                .query_block = verb.query_block(),
                .parts = {}};
    if (!dry_) {
        const auto start = std::chrono::steady_clock::now();
        compute(verb);
        span.seconds = seconds_since(start);
    }
    span.parts = ledgers(role, verb.required(), executed(verb));
    sink_->on_span(std::move(span));
}

void Backend::matmul(std::string_view role, const Tensor& a, const Tensor& b, const Tensor& c,
                     const MatmulOptions& options) {
    Matmul product{.a = a,
                   .b = b,
                   .c = c,
                   .scale = options.scale,
                   .bias = {},
                   .mask = options.mask,
                   .masked = options.masked,
                   .accumulate = options.accumulate,
                   .needed_rows = options.needed_rows};
    if (options.bias != nullptr) product.bias = *options.bias;
    run(role, product);
}

void Backend::softmax_rows(std::string_view role, const Mask& mask, const Tensor& scores) {
    run(role, SoftmaxRows{.mask = mask, .scores = scores});
}

void Backend::copy(std::string_view role, const Tensor& from, const Tensor& to) {
    run(role, Copy{.from = from, .to = to});
}

void Backend::attend(std::string_view role, double scale, const Mask& mask, const Tensor& q, const Tensor& k,
                     const Tensor& v, const Tensor& out, Workspace& workspace) {
    Attend core{.scale = scale,
                .mask = mask,
                .q = q,
                .k = k,
                .v = v,
                .out = out,
                .plan = attend_plan(attend_shape(q, k, v), mask),
                .scratch = {}};
    const DType dtype = accumulator_of(q.dtype);
    const bool own_keys = k.batch() == q.batch() && k.kv_heads() == q.kv_heads();
    const bool own_values = v.batch() == q.batch() && v.kv_heads() == q.kv_heads();
    if (workspace.keeps_all() && core.plan.vjp_scratch_elements > 0 && own_keys && own_values) {
        core.statistics = workspace.take("statistics", dtype, {q.batch(), q.kv_heads(), q.group(), 2, q.rows()});
    }
    const Workspace::Frame frame(workspace, Workspace::Use::scratch);
    core.scratch = workspace.take("tile", dtype, {1, 1, 1, 1, core.plan.scratch_elements});
    run(role, core);
}

AttendPlan Backend::attend_plan(const AttendShape& shape, const Mask& /*mask*/) const { return tiled_plan(shape); }

std::unique_ptr<Backend> dry(std::unique_ptr<Backend> backend) {
    backend->stay_dry();
    return backend;
}

}  // namespace headcount
