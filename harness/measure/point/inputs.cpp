#include "harness/measure/point/inputs.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "harness/backend/all.hpp"
#include "harness/backend/verbs/attend.hpp"
#include "harness/core/error.hpp"
#include "harness/core/hash.hpp"
#include "harness/core/random.hpp"
#include "harness/core/storage.hpp"
#include "harness/measure/point/engine_list.hpp"
#include "variants/all.hpp"

namespace headcount {
namespace {

/// The numbers of one tensor: the same on every machine, unlike those of std::uniform_real_distribution.
class Random {
public:
    Random(std::uint64_t seed, std::string_view stream) : bits_(fnv64(stream, seed)) {}
    /// Uniform with mean 0 and variance 1.
    double next() { return (static_cast<double>(bits_.next() >> 11U) * 0x1p-52 - 1.0) * 1.7320508075688772; }

private:
    SplitMix64 bits_;
};

template <class T>
void fill(const Tensor& t, Random random, double scale) {
    T* const data = static_cast<T*>(t.data);
    for (std::int64_t i = 0; i < t.elements(); ++i) data[i] = stored<T>(scale * random.next());
}

/// Hands out dense tensors and fills them when there is memory behind them.
class Source {
public:
    Source(DType dtype, std::uint64_t seed, Workspace& store) : dtype_(dtype), seed_(seed), store_(&store) {}

    Tensor take(std::string_view name, std::int64_t batch, std::int64_t rows, std::int64_t cols, double scale) {
        const Tensor t = store_->take(name, dtype_, {batch, 1, 1, rows, cols});
        if (store_->is_dry()) return t;
        const Random random(seed_, name);
        with_storage(dtype_, [&](auto storage) { fill<decltype(storage)>(t, random, scale); });
        return t;
    }
    /// A weight, scaled so that its product with unit-variance rows has unit variance.
    Tensor weight(std::string_view name, std::int64_t rows, std::int64_t cols) {
        return take(name, 1, rows, cols, 1 / std::sqrt(static_cast<double>(rows)));
    }

private:
    DType dtype_;
    std::uint64_t seed_;
    Workspace* store_;
};

Weights filled(const std::vector<WeightShape>& shapes, Source& source) {
    constexpr double kBiasScale = 0.5;  // large enough that a forgotten bias shows
    Weights w;
    for (const WeightShape& shape : shapes) {
        w.set(shape.name, shape.is_bias ? source.take(shape.name, 1, shape.rows, shape.cols, kBiasScale)
                                        : source.weight(shape.name, shape.rows, shape.cols));
    }
    return w;
}

/// Which verbs a pass calls does not depend on the backend: the plainest one starts no threads.
bool only_attends(const Point& point, const Variant& variant) {
    const DryRun run = dry_run(point, variant, find_named(all_backends(), "naive", "backend"));
    return std::ranges::all_of(run.spans, [](const OpSpan& span) { return span.verb == Attend::kName; });
}

}  // namespace

std::int64_t Layout::bytes() const {
    std::int64_t sum = prepared.bytes() + out.bytes();
    if (inputs.problem.scope == Scope::core) return sum + inputs.q.bytes() + inputs.k.bytes() + inputs.v.bytes();
    sum += inputs.x_q.bytes();
    if (inputs.problem.q_len != inputs.problem.kv_len) sum += inputs.x_kv.bytes();
    return sum;
}

Layout lay_out(const Point& point, const Variant& variant, Backend& backend, Workspace& store) {
    const Problem& p = point.problem;
    Source source(p.dtype, point.seed, store);
    Layout layout;
    layout.inputs.problem = p;
    if (p.scope == Scope::layer) {
        layout.inputs.x_q = source.take("x_q", p.batch, p.q_len, p.embed_dim, 1);
        layout.inputs.x_kv =
            p.q_len == p.kv_len ? layout.inputs.x_q : source.take("x_kv", p.batch, p.kv_len, p.embed_dim, 1);
    } else {
        layout.inputs.q = source.take("q", p.batch, p.q_len, p.query_width(), 1);
        layout.inputs.k = source.take("k", p.batch, p.kv_len, p.key_width(), 1);
        layout.inputs.v = source.take("v", p.batch, p.kv_len, p.value_width(), 1);
    }
    layout.canonical = filled(variant.weights == nullptr ? canonical_weights(p) : variant.weights(point), source);
    layout.prepared = layout.canonical;
    if (variant.prepare != nullptr) {
        Pass pass(point, layout.inputs, layout.canonical, {}, backend, store);
        layout.prepared = variant.prepare(pass);
    }
    const std::int64_t width = p.scope == Scope::layer ? p.embed_dim : p.context_width();
    layout.out = store.take("out", p.dtype, {p.batch, 1, 1, p.q_len, width});
    return layout;
}

DryRun dry_run(const Point& point, const Variant& variant, const BackendInfo& verbs) {
    const std::unique_ptr<Backend> backend = dry(verbs.make(execution_of(point)));
    DryRun run;
    run.layout = lay_out(point, variant, *backend, run.store);
    OpLog log;
    backend->listen(&log);
    Pass pass(point, run.layout.inputs, run.layout.prepared, run.layout.out, *backend, run.workspace);
    variant.forward(pass);
    run.spans = std::move(log.spans);
    run.cache_bytes = pass.cache_bytes();
    return run;
}

std::string why_unsupported(const Point& point) {
    const Variant& variant = find_named(all_variants(), point.variant, "variant");
    if (is_external(point)) {
        if (point.problem.dtype == DType::bf16) return "engines are handed f32 and f64; bf16 is not in their protocol";
        for (const auto& backend : all_backends()) {
            if (backend.name != point.backend) continue;
            return fmt::format("variant {} times engines in other processes, and {} is a backend of our own variants",
                               kExternal, point.backend);
        }
        find_named(all_engines(), point.backend, "engine");
        return "";
    }
    for (const auto& engine : all_engines()) {
        if (engine.name == point.backend) return point.backend + " is an engine, which only variant external times";
    }
    const BackendInfo& backend = find_named(all_backends(), point.backend, "backend");
    if (!backend.missing.empty()) return "backend " + point.backend + " is missing: " + backend.missing;
    if (backend.unsupported != nullptr) {
        if (std::string reason = backend.unsupported(point); !reason.empty()) return reason;
    }
    if (std::string reason = why_unsupported(variant, point); !reason.empty()) return reason;
    const std::string attends_only = backend.attends_only == nullptr ? "" : backend.attends_only(point);
    return attends_only.empty() || only_attends(point, variant) ? "" : attends_only;
}

const BackendInfo& verbs_of(const Point& point) {
    return find_named(all_backends(), is_external(point) ? "naive" : point.backend, "backend");
}

PointData make_point_data(const Point& point) {
    if (const std::string reason = why_unsupported(point); !reason.empty()) {
        throw Error(point.id() + " cannot run: " + reason);
    }
    const Variant& variant = find_named(all_variants(), point.variant, "variant");
    const BackendInfo& info = verbs_of(point);
    DryRun run = dry_run(point, variant, info);

    PointData data(point, variant, info.make(execution_of(point)));
    data.layout = std::move(run.layout);
    if (!data.backend->executes()) return data;
    data.store = Workspace::reserve(run.store.reserved_bytes());
    data.layout = lay_out(point, variant, *data.backend, data.store);
    data.workspace = Workspace::reserve(run.workspace.reserved_bytes());
    return data;
}

PointData::PointData(const Point& its_point, const Variant& its_variant, std::unique_ptr<Backend> its_backend)
    : point(its_point),
      variant(&its_variant),
      backend(std::move(its_backend)),
      store(Workspace::dry()),
      workspace(Workspace::dry()) {}

void run_forward(PointData& data) {
    Pass pass(data.point, data.layout.inputs, data.layout.prepared, data.layout.out, *data.backend, data.workspace);
    data.variant->forward(pass);
}

}  // namespace headcount
