#include "harness/backend/backend.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include "harness/backend/cost.hpp"
#include "harness/backend/tiled_attend.hpp"
#include "harness/core/error.hpp"

namespace headcount {
namespace {

// Fast memory that one thread may fill: a quarter to a half of the second-level cache of current server cores
// (512 KiB to 2 MiB), because keys and values stream through the same cache.
constexpr std::int64_t kFastMemoryBytes = std::int64_t{256} * 1024;

// Narrower tiles leave the products too little work; wider ones crowd the query rows out of fast memory.
constexpr std::int64_t kSmallestKeyBlock = 64;
constexpr std::int64_t kLargestKeyBlock = 512;

std::string shape_text(const Tensor& t) {
    std::string text = "[";
    for (std::size_t i = 0; i < t.extent.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(t.extent[i]);
    return text + "] " + std::string(to_string(t.dtype));
}

void require(bool holds, std::string_view verb, std::string_view role, std::initializer_list<const Tensor*> operands) {
    if (holds) return;
    std::string text = std::string(verb) + " '" + std::string(role) + "': shapes do not fit:";
    for (const Tensor* t : operands) text += " " + shape_text(*t);
    throw Error(text + "; a fault of the variant that calls it");
}

/// Every leading extent of `t` is that of `c`, or 1.
bool broadcasts(const Tensor& t, const Tensor& c) {
    for (std::size_t i = 0; i < 3; ++i) {
        if (t.extent[i] != 1 && t.extent[i] != c.extent[i]) return false;
    }
    return t.dtype == c.dtype;
}

class Stopwatch {
public:
    double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

private:
    using Clock = std::chrono::steady_clock;
    Clock::time_point start_ = Clock::now();
};

/// Runs `compute`, and times it when it is real work.
template <class F>
double timed(bool executes, F compute) {
    const Stopwatch watch;
    compute();
    return executes ? watch.seconds() : 0;
}

}  // namespace

AttendShape attend_shape(const Tensor& q, const Tensor& k, const Tensor& v) {
    return {.batch = q.batch(),
            .kv_heads = q.kv_heads(),
            .group = q.group(),
            .q_len = q.rows(),
            .kv_len = k.rows(),
            .head_dim = q.cols(),
            .value_head_dim = v.cols(),
            .dtype = q.dtype};
}

void Backend::matmul(std::string_view role, const Tensor& a, const Tensor& b, const Tensor& c,
                     const MatmulOptions& options) {
    require(broadcasts(a, c) && broadcasts(b, c) && a.rows() == c.rows() && a.cols() == b.rows() &&
                b.cols() == c.cols() && a.cols() > 0,
            "matmul", role, {&a, &b, &c});
    if (options.bias != nullptr) {
        require(
            options.bias->cols() == c.cols() && options.bias->elements() == c.cols() && options.bias->dtype == c.dtype,
            "matmul bias", role, {options.bias, &c});
    }
    if (sink_ == nullptr) {
        do_matmul(a, b, c, options);
        return;
    }
    OpSpan span{.verb = "matmul", .role = std::string(role), .seconds = 0, .parts = {}};
    span.seconds = timed(executes(), [&] { do_matmul(a, b, c, options); });
    span.parts.push_back({.op = "matmul",
                          .role = span.role,
                          .required = required_matmul(a, b, c, options),
                          .executed = executed_matmul(a, b, c, options)});
    if (options.scale) {
        span.parts.push_back({.op = "scale",
                              .role = span.role,
                              .required = required_scale(c, options),
                              .executed = executed_scale(a, b, c, options)});
    }
    if (options.bias != nullptr) {
        const OpCost cost = bias_cost(c, *options.bias);
        span.parts.push_back({.op = "bias", .role = span.role, .required = cost, .executed = cost});
    }
    sink_->on_span(std::move(span));
}

void Backend::softmax_rows(std::string_view role, Mask mask, const Tensor& scores) {
    if (sink_ == nullptr) {
        do_softmax_rows(mask, scores);
        return;
    }
    OpSpan span{.verb = "softmax_rows", .role = std::string(role), .seconds = 0, .parts = {}};
    span.seconds = timed(executes(), [&] { do_softmax_rows(mask, scores); });
    span.parts.push_back({.op = "softmax",
                          .role = span.role,
                          .required = required_softmax(mask, scores),
                          .executed = executed_softmax(mask, scores)});
    sink_->on_span(std::move(span));
}

void Backend::copy(std::string_view role, const Tensor& from, const Tensor& to) {
    require(from.extent == to.extent && from.dtype == to.dtype, "copy", role, {&from, &to});
    if (sink_ == nullptr) {
        do_copy(from, to);
        return;
    }
    OpSpan span{.verb = "copy", .role = std::string(role), .seconds = 0, .parts = {}};
    span.seconds = timed(executes(), [&] { do_copy(from, to); });
    // A layout change is work that a path does, never work that the definition needs.
    span.parts.push_back({.op = "copy", .role = span.role, .required = {}, .executed = copy_cost(from)});
    sink_->on_span(std::move(span));
}

void Backend::attend(std::string_view role, double scale, Mask mask, const Tensor& q, const Tensor& k, const Tensor& v,
                     const Tensor& out, Workspace& workspace) {
    require(broadcasts(k, q) && broadcasts(v, q) && broadcasts(out, q) && q.cols() == k.cols() &&
                k.rows() == v.rows() && out.rows() == q.rows() && out.cols() == v.cols() && k.group() == 1 &&
                v.group() == 1 && out.elements() == q.batch() * q.kv_heads() * q.group() * q.rows() * v.cols(),
            "attend", role, {&q, &k, &v, &out});
    const AttendShape shape = attend_shape(q, k, v);
    const Workspace::Frame frame(workspace);
    const Tensor scratch =
        workspace.take("tile", accumulator_of(q.dtype), {1, 1, 1, 1, attend_scratch_elements(shape)});
    if (sink_ == nullptr) {
        do_attend(scale, mask, q, k, v, out, scratch);
        return;
    }
    OpSpan span{.verb = "attend", .role = std::string(role), .seconds = 0, .parts = {}};
    span.seconds = timed(executes(), [&] { do_attend(scale, mask, q, k, v, out, scratch); });
    const AttendParts required = required_attend(shape, mask);
    const AttendParts executed = executed_attend(shape, mask);
    span.parts = {
        {.op = "matmul", .role = "scores", .required = required.scores, .executed = executed.scores},
        {.op = "scale", .role = "scores", .required = required.scale, .executed = executed.scale},
        {.op = "softmax", .role = "weights", .required = required.weights, .executed = executed.weights},
        {.op = "matmul", .role = "context", .required = required.context, .executed = executed.context},
        {.op = "rescale", .role = "context", .required = required.rescale, .executed = executed.rescale},
    };
    sink_->on_span(std::move(span));
}

OpCost Backend::executed_matmul(const Tensor& a, const Tensor& b, const Tensor& c,
                                const MatmulOptions& /*options*/) const {
    return dense_matmul(a, b, c);
}

OpCost Backend::executed_scale(const Tensor& /*a*/, const Tensor& /*b*/, const Tensor& c,
                               const MatmulOptions& /*options*/) const {
    return dense_scale(c);
}

OpCost Backend::executed_softmax(Mask mask, const Tensor& scores) const { return required_softmax(mask, scores); }

AttendParts Backend::executed_attend(const AttendShape& shape, Mask mask) const {
    return tiled_attend_cost(shape, mask, query_block(shape), key_block(shape));
}

std::int64_t Backend::query_block(const AttendShape& shape) const {
    // Half of fast memory for the query rows and their outputs, half for the tile of scores.
    const std::int64_t row_bytes = size_in_bytes(accumulator_of(shape.dtype)) * (shape.head_dim + shape.value_head_dim);
    return std::clamp<std::int64_t>(kFastMemoryBytes / 2 / row_bytes, 1, shape.q_len);
}

std::int64_t Backend::key_block(const AttendShape& shape) const {
    const std::int64_t fits = std::clamp(shape.head_dim + shape.value_head_dim, kSmallestKeyBlock, kLargestKeyBlock);
    return std::min(fits, shape.kv_len);
}

std::int64_t Backend::attend_scratch_elements(const AttendShape& shape) const {
    return tile_scratch_elements(query_block(shape), key_block(shape));
}

void Backend::do_attend(double scale, Mask mask, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& out,
                        const Tensor& scratch) {
    const AttendShape shape = attend_shape(q, k, v);
    const QueryBlocks blocks(shape, query_block(shape));
    with_scalar(q.dtype, [&](auto scalar) {
        using T = decltype(scalar);
        for (std::int64_t i = 0; i < blocks.count(); ++i) {
            blocks.run(i, scale, mask, q, k, v, out, key_block(shape), static_cast<T*>(scratch.data),
                       NaiveTileKernels<T>{});
        }
    });
}

}  // namespace headcount
