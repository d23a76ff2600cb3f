#include "harness/measure/point/inputs.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
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
#include "harness/train/trainer.hpp"
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
    Source(DType dtype, const Fill& fill, Workspace& store) : dtype_(dtype), fill_(&fill), store_(&store) {}

    Tensor take(std::string_view name, std::int64_t batch, std::int64_t rows, std::int64_t cols, double scale) {
        const Tensor t = store_->take(name, dtype_, {batch, 1, 1, rows, cols});
        if (!store_->is_dry()) (*fill_)(name, t, scale);
        return t;
    }
    /// A weight, scaled so that its product with unit-variance rows has unit variance.
    Tensor weight(std::string_view name, std::int64_t rows, std::int64_t cols) {
        return take(name, 1, rows, cols, 1 / std::sqrt(static_cast<double>(rows)));
    }

private:
    DType dtype_;
    const Fill* fill_;
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

/// Asks a pass that makes everything whether it takes memory for what it keeps of each token.
std::string why_not_cached(const Point& point, const Variant& variant) {
    Point whole = point;
    whole.problem.cached = false;
    if (dry_run(whole, variant, find_named(all_backends(), "naive", "backend")).keeps_tokens) return "";
    return point.variant + " keeps no rows of single tokens, to which new ones could be added; set cached to false";
}

}  // namespace

void fill_random(const Tensor& t, std::uint64_t seed, std::string_view name, double scale) {
    const Random random(seed, name);
    with_storage(t.dtype, [&](auto storage) { fill<decltype(storage)>(t, random, scale); });
}

std::int64_t Layout::bytes() const {
    std::int64_t sum = prepared.bytes() + out.bytes();
    if (inputs.problem.scope == Scope::core) return sum + inputs.q.bytes() + inputs.k.bytes() + inputs.v.bytes();
    sum += inputs.x_q.bytes();
    if (inputs.problem.scope == Scope::projections) sum += inputs.context.bytes();
    if (inputs.problem.q_len != inputs.problem.kv_len) sum += inputs.x_kv.bytes();
    return sum;
}

Layout lay_out(const Point& point, const Variant& variant, Backend& backend, Workspace& store, const Fill& fill) {
    const Problem& p = point.problem;
    const Fill seeded = [&](std::string_view name, const Tensor& to, double scale) {
        fill_random(to, point.seed, name, scale);
    };
    Source source(p.dtype, fill ? fill : seeded, store);
    Layout layout;
    layout.inputs.problem = p;
    if (p.scope != Scope::core) {
        layout.inputs.x_q = source.take("x_q", p.batch, p.q_len, p.embed_dim, 1);
        layout.inputs.x_kv =
            p.q_len == p.kv_len ? layout.inputs.x_q : source.take("x_kv", p.batch, p.kv_len, p.embed_dim, 1);
    } else {
        layout.inputs.q = source.take("q", p.batch, p.q_len, p.query_width(), 1);
        layout.inputs.k = source.take("k", p.batch, p.kv_len, p.key_width(), 1);
        layout.inputs.v = source.take("v", p.batch, p.kv_len, p.value_width(), 1);
    }
    if (p.scope == Scope::projections) {
        layout.inputs.context = source.take("context", p.batch, p.q_len, p.context_width(), 1);
    }
    layout.canonical = filled(attention_weights(point, variant), source);
    layout.prepared = layout.canonical;
    if (variant.prepare != nullptr) {
        Pass pass(point, layout.inputs, layout.canonical, {}, backend, store);
        layout.prepared = variant.prepare(pass);
    }
    layout.out = store.take("out", p.dtype, {p.batch, 1, 1, p.q_len, p.result_width()});
    return layout;
}

std::string why_unsupported(const Point& point) {
    const Variant& variant = find_named(all_variants(), point.variant, "variant");
    if (is_external(point)) {
        if (point.problem.pass != PassKind::forward) return "engines are asked for forward passes only";
        if (point.trains()) return "engines train nothing";
        if (point.problem.cached) return "engines are handed all tokens, and keep none; set cached to false";
        if (point.problem.dtype == DType::bf16) return "engines are handed f32 and f64; bf16 is not in their protocol";
        for (const auto& backend : all_backends()) {
            if (backend.name != point.backend) continue;
            return fmt::format("variant {} times engines in other processes, and {} is a backend of our own variants",
                               kExternal, point.backend);
        }
        const std::string& broken = find_named(all_engines(), point.backend, "engine").broken;
        return broken.empty() ? "" : fmt::format("engine {} is broken: {}", point.backend, broken);
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
    if (point.problem.cached) {
        if (std::string reason = why_not_cached(point, variant); !reason.empty()) return reason;
    }
    if (point.trains()) {
        if (std::string reason = why_no_training(point); !reason.empty()) return reason;
    }
    const std::string attends_only = backend.attends_only == nullptr ? "" : backend.attends_only(point);
    return attends_only.empty() || only_attends(point, variant) ? "" : attends_only;
}

const BackendInfo& verbs_of(const Point& point) {
    return find_named(all_backends(), is_external(point) ? "naive" : point.backend, "backend");
}

namespace {

/// What a pass says of itself.
struct Said {
    std::int64_t cache_bytes;
    bool keeps_tokens;
};

Said forward(const Point& point, const Variant& variant, const Layout& layout, Backend& backend, Workspace& workspace,
             const TokensOfPass& tokens) {
    Inputs in = layout.inputs;
    if (tokens.kept != nullptr) {
        tokens.kept->reset();
        in.x_kv = in.x_kv.row_range(tokens.first, tokens.count);
    }
    Pass pass(point, in, layout.prepared, layout.out, backend, workspace, tokens);
    run_variant(variant, pass);
    return {.cache_bytes = pass.cache_bytes(), .keeps_tokens = pass.keeps_tokens()};
}

/// Of which tokens a pass makes keys and values: of those that nothing is kept of.
TokensOfPass new_tokens(const Problem& p, KeptTokens& kept) {
    const std::int64_t first = p.kept_len();
    return {.first = first, .count = p.kv_len - first, .kept = p.cached ? &kept.memory : nullptr};
}

/// And those that an earlier pass left.
TokensOfPass old_tokens(const Problem& p, KeptTokens& kept) {
    return {.first = 0, .count = p.kept_len(), .kept = &kept.memory};
}

/// lay_out(), with its verbs on the tape of a backward pass where there is one.
Layout lay_out_recorded(const Point& point, const Variant& variant, Backend& backend, Workspace& store,
                        Backward* backward, const Fill& fill = {}) {
    backend.record(backward == nullptr ? nullptr : &backward->prepare);
    Layout layout = lay_out(point, variant, backend, store, fill);
    backend.record(nullptr);
    return layout;
}

/// The tape of forward(), and which derivatives are written first: all of it without arithmetic, by `dry_backend`.
void record_forward(PointData& data, Backend& dry_backend) {
    Backward& backward = *data.backward;
    data.workspace.keep_all();
    dry_backend.record(&backward.forward);
    forward(data.point, *data.variant, data.layout, dry_backend, data.workspace,
            new_tokens(data.point.problem, data.kept));
    dry_backend.record(nullptr);
    backward.lay_over(data.store, data.workspace, Workspace::reserve(data.store.reserved_bytes()),
                      Workspace::reserve(data.workspace.reserved_bytes()));
    backward.walk(dry_backend, data.workspace);
    backward.walk_to_canonical(dry_backend, data.workspace);
}

}  // namespace

DryRun dry_run(const Point& point, const Variant& variant, const BackendInfo& verbs) {
    const bool derives = runs_backward(point.problem.pass);
    const std::unique_ptr<Backend> backend = dry(verbs.make(execution_of(point)));
    OpLog log;
    // A backward pass is told apart by addresses what belongs to what.
    DryRun run{.layout = {},
               .store = derives ? Workspace::imagined(0) : Workspace::dry(),
               .workspace = derives ? Workspace::imagined(1) : Workspace::dry(),
               .backward = derives ? std::make_unique<Backward>() : nullptr};
    run.layout = lay_out_recorded(point, variant, *backend, run.store, run.backward.get());
    if (derives) {
        run.workspace.keep_all();
        backend->record(&run.backward->forward);
    }
    backend->listen(runs_forward(point.problem.pass) ? &log : nullptr);
    const Problem& p = point.problem;
    const Said said = forward(point, variant, run.layout, *backend, run.workspace, new_tokens(p, run.kept));
    run.cache_bytes = said.cache_bytes;
    run.keeps_tokens = said.keeps_tokens;
    if (!derives) {
        run.spans = std::move(log.spans);
        run.kept.bytes = run.kept.memory.reserved_bytes();
        if (p.kept_len() == 0) return run;
        backend->listen(nullptr);
        Workspace filling = Workspace::dry();
        forward(point, variant, run.layout, *backend, filling, old_tokens(p, run.kept));
        run.kept.filling_bytes = filling.reserved_bytes();
        return run;
    }
    backend->record(nullptr);
    run.backward->lay_over(run.store, run.workspace, Workspace::imagined(2), Workspace::imagined(3));
    backend->listen(nullptr);
    run.backward->walk(*backend, run.workspace);  // finds out what is written first
    backend->listen(&log);
    run.backward->walk(*backend, run.workspace);
    run.spans = std::move(log.spans);
    return run;
}

PointData make_point_data(const Point& point, const Fill& fill) {
    if (const std::string reason = why_unsupported(point); !reason.empty()) {
        throw Error(point.id() + " cannot run: " + reason);
    }
    const Variant& variant = find_named(all_variants(), point.variant, "variant");
    const BackendInfo& info = verbs_of(point);
    DryRun predicted = dry_run(point, variant, info);

    PointData data(point, variant, info.make(execution_of(point)));
    data.layout = std::move(predicted.layout);
    data.kept = std::move(predicted.kept);
    if (!data.backend->executes()) return data;
    data.store = Workspace::reserve(predicted.store.reserved_bytes());
    if (runs_backward(point.problem.pass)) data.backward = std::make_unique<Backward>();
    data.layout = lay_out_recorded(point, variant, *data.backend, data.store, data.backward.get(), fill);
    data.workspace = Workspace::reserve(predicted.workspace.reserved_bytes());
    if (point.problem.cached) {
        data.kept.memory = Workspace::reserve(data.kept.bytes);
        renew_kept(data);
    }
    if (data.backward == nullptr) return data;
    record_forward(data, *dry(info.make(execution_of(point))));
    fill_random(data.backward->derivatives.of(data.layout.out), point.seed, "d_out", 1);
    run_forward(data);  // what a backward pass alone begins with
    return data;
}

Workspace separate_x_kv(PointData& data) {
    Inputs& in = data.layout.inputs;
    if (in.x_kv.data != in.x_q.data || in.x_q.data == nullptr) return Workspace::dry();
    Workspace dry = Workspace::dry();
    dry.take("x_kv", in.x_q.dtype, in.x_q.extent);
    Workspace memory = Workspace::reserve(dry.reserved_bytes());
    in.x_kv = memory.take("x_kv", in.x_q.dtype, in.x_q.extent);
    std::memcpy(in.x_kv.data, in.x_q.data, static_cast<std::size_t>(in.x_q.bytes()));
    return memory;
}

PointData::PointData(const Point& its_point, const Variant& its_variant, std::unique_ptr<Backend> its_backend)
    : point(its_point),
      variant(&its_variant),
      backend(std::move(its_backend)),
      store(Workspace::dry()),
      workspace(Workspace::dry()) {}

std::int64_t PointData::temporaries_bytes() const {
    return workspace.peak_bytes() + (backward == nullptr ? 0 : backward->kept_bytes);
}

void renew_kept(PointData& data) {
    const Problem& p = data.point.problem;
    if (data.kept.memory.is_dry()) return;
    std::memset(data.kept.memory.base(), 0xff, static_cast<std::size_t>(data.kept.bytes));  // NaN in every type
    if (p.kept_len() == 0) return;
    Workspace filling = Workspace::reserve(data.kept.filling_bytes);
    forward(data.point, *data.variant, data.layout, *data.backend, filling, old_tokens(p, data.kept));
}

void run_forward(PointData& data) {
    data.workspace.reset();
    forward(data.point, *data.variant, data.layout, *data.backend, data.workspace,
            new_tokens(data.point.problem, data.kept));
}

void run_pass(PointData& data) {
    const PassKind pass = data.point.problem.pass;
    if (runs_forward(pass)) run_forward(data);
    if (runs_backward(pass)) data.backward->walk(*data.backend, data.workspace);
}

}  // namespace headcount
