#include "harness/pretrained/runner.hpp"

#include <algorithm>

#include "harness/backend/all.hpp"
#include "harness/backend/tape.hpp"
#include "harness/backend/verbs/gelu_exact.hpp"
#include "harness/backend/verbs/layer_norm.hpp"
#include "harness/backend/verbs/relu.hpp"
#include "harness/backend/verbs/zero.hpp"
#include "harness/core/error.hpp"
#include "variants/all.hpp"

namespace headcount {
namespace {

std::unique_ptr<Backend> backend_of(const Point& point) {
    const BackendInfo& info = find_named(all_backends(), point.backend, "backend");
    if (!info.missing.empty()) throw UsageError("backend " + point.backend + " is missing: " + info.missing);
    return info.make(execution_of(point));
}

/// One row, seen as many.
Tensor repeated(Tensor row, std::int64_t rows) {
    row.extent[3] = rows;
    row.stride[3] = 0;
    return row;
}

}  // namespace

EncoderRunner::EncoderRunner(const Encoder& encoder, const Point& point)
    : encoder_(&encoder),
      point_(point),
      variant_(&find_named(all_variants(), point.variant, "variant")),
      backend_(backend_of(point)),
      dry_(dry(backend_of(point))),
      kept_(static_cast<std::size_t>(encoder.shape().layers)),
      attention_(static_cast<std::size_t>(encoder.shape().layers)) {
    if (variant_->forward == nullptr || variant_->weights != nullptr) {
        throw UsageError("variant " + point.variant +
                         " has no weights W_Q, W_K, W_V and W_O for those of the model; take multi_head");
    }
    const EncoderShape& shape = encoder.shape();
    for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
        if (const auto why = why_unsupported(*variant_, point_for(layer, 1, 2, shape.num_heads)); !why.empty()) {
            throw UsageError("variant " + point.variant + " cannot run this model: " + why);
        }
        cut_.push_back(Workspace::reserve(0));
    }
    keep(all_heads(shape));
}

Point EncoderRunner::point_for(std::int64_t layer, std::int64_t batch, std::int64_t len, std::int64_t heads) const {
    const EncoderShape& shape = encoder_->shape();
    Point point = point_;
    point.problem = {.batch = batch,
                     .q_len = len,
                     .kv_len = len,
                     .embed_dim = shape.width_in(layer),
                     .num_heads = heads,
                     .num_kv_heads = heads,
                     .head_dim = shape.head_dim(layer),
                     .value_head_dim = shape.head_dim(layer),
                     .bias = true};
    return point;
}

std::int64_t EncoderRunner::heads_in(std::int64_t layer) const {
    return std::ssize(kept_[static_cast<std::size_t>(layer)]);
}

Weights EncoderRunner::cut(std::int64_t layer, const std::vector<std::int64_t>& kept) {
    const std::int64_t heads = std::ssize(kept);
    if (kept.empty()) return {};
    const Weights& whole = encoder_->layer(layer).attention;
    Workspace& store = cut_[static_cast<std::size_t>(layer)];
    const auto fill = [&](Workspace& from, Backend& backend) {
        Weights weights;
        const Point point = point_for(layer, 1, 2, heads);
        for (const WeightShape& shape : canonical_weights(point.problem)) {
            // The output may be wider than the input, of which a problem knows nothing.
            const bool is_output = shape.name.ends_with('o');
            const std::int64_t cols = is_output ? whole.at(shape.name).cols() : shape.cols;
            weights.set(shape.name, from.take(shape.name, DType::f32, {1, 1, 1, shape.rows, cols}));
        }
        cut_heads(whole, weights, kept, encoder_->shape().head_dim(layer), backend);
        if (variant_->prepare == nullptr) return weights;
        const Inputs none{.problem = point.problem, .x_q = {}, .x_kv = {}, .q = {}, .k = {}, .v = {}, .context = {}};
        Pass pass(point, none, weights, {}, backend, from);
        return variant_->prepare(pass);
    };
    Workspace imagined = Workspace::dry();
    fill(imagined, *dry_);
    store = Workspace::reserve(imagined.reserved_bytes());
    return fill(store, *backend_);
}

void EncoderRunner::keep(const KeptHeads& kept) {
    for (std::size_t layer = 0; layer < kept_.size(); ++layer) {
        const std::vector<std::int64_t>& wanted = kept.at(layer);
        if (kept_[layer] == wanted) continue;
        attention_[layer] = cut(static_cast<std::int64_t>(layer), wanted);
        kept_[layer] = wanted;
    }
}

void EncoderRunner::embed(std::span<const TokenIds* const> texts, const Tensor& x) {
    const EncoderShape& shape = encoder_->shape();
    const std::int64_t len = x.rows();
    for (std::size_t entry = 0; entry < texts.size(); ++entry) {
        const Tensor rows = x.matrix(static_cast<std::int64_t>(entry), 0, 0).columns(0, shape.token_dim);
        for (std::int64_t i = 0; i < len; ++i) {
            backend_->copy("token", encoder_->token_rows().row_range((*texts[entry])[static_cast<std::size_t>(i)], 1),
                           rows.row_range(i, 1));
        }
        backend_->run("position", Add{.from = encoder_->position_rows().row_range(0, len), .to = rows});
        if (!shape.style.embeds_segments) continue;
        backend_->run("segment", Add{.from = repeated(encoder_->segment_row(), len), .to = rows});
        normalise(rows, encoder_->norm(), rows, *backend_);
    }
}

void EncoderRunner::run_layer(std::int64_t layer, const Tensor& x, Tape* tape) {
    make_room(layer, x, tape != nullptr);
    temporaries_.reset();
    layer_with(layer, x, *backend_, temporaries_, tape);
}

void EncoderRunner::make_room(std::int64_t layer, const Tensor& x, bool keeps_all) {
    const std::array key{x.batch(), x.rows(), heads_in(layer), encoder_->shape().width_in(layer)};
    if (keeps_all != temporaries_.keeps_all()) fitting_.clear();
    if (fitting_.contains(key)) return;
    Workspace imagined = Workspace::dry();
    if (keeps_all) imagined.keep_all();
    layer_with(layer, x, *dry_, imagined, nullptr);
    room_ = std::max(room_, imagined.reserved_bytes());
    temporaries_ = Workspace::reserve(room_);
    if (keeps_all) temporaries_.keep_all();
    fitting_.insert(key);
}

void EncoderRunner::normalise(const Tensor& from, const Norm& norm, const Tensor& to, Backend& backend) const {
    backend.run(
        "norm",
        LayerNorm{
            .epsilon = encoder_->shape().epsilon, .from = from, .gain = norm.gain, .shift = norm.shift, .to = to});
}

void EncoderRunner::attend(std::int64_t layer, const Tensor& x, const Tensor& to, Backend& backend,
                           Workspace& workspace, Tape* tape) const {
    if (heads_in(layer) == 0) {  // what is left is the bias
        backend.run("output", Zero{.to = to});
        backend.run("output", Add{.from = repeated(encoder_->layer(layer).attention.at("bo"), x.rows()), .to = to});
        return;
    }
    const Point point = point_for(layer, x.batch(), x.rows(), heads_in(layer));
    const Inputs inputs{.problem = point.problem, .x_q = x, .x_kv = x, .q = {}, .k = {}, .v = {}, .context = {}};
    Pass pass(point, inputs, attention_[static_cast<std::size_t>(layer)], to, backend, workspace);
    backend.record(tape);
    variant_->forward(pass);
    backend.record(nullptr);
}

void EncoderRunner::layer_with(std::int64_t index, const Tensor& x, Backend& backend, Workspace& workspace,
                               Tape* tape) const {
    const EncoderShape& shape = encoder_->shape();
    const EncoderLayer& layer = encoder_->layer(index);
    const Workspace::Frame frame(workspace);
    const auto take = [&](const char* name, std::int64_t cols) {
        return workspace.take(name, DType::f32, {x.batch(), 1, 1, x.rows(), cols});
    };
    const auto product = [&](const char* role, const Tensor& from, const Linear& linear, const Tensor& to) {
        MatmulOptions options;
        options.bias = &linear.bias;
        backend.matmul(role, from, linear.weight, to, options);
    };
    const auto read = [&](const Tensor& from, const Norm& norm) {
        if (!shape.style.norms_first) return from;
        const Tensor normal = take("normal", from.cols());
        normalise(from, norm, normal, backend);
        return normal;
    };
    const auto write = [&](const Tensor& carried, const Tensor& result, const Norm& norm) {
        backend.run("residual", Add{.from = carried, .to = result});
        if (shape.style.norms_first) {
            backend.copy("residual", result, x);
        } else {
            normalise(result, norm, x, backend);
        }
    };
    const Tensor given = x.columns(0, shape.width_in(index));
    const Tensor attended = take("attended", x.cols());
    attend(index, read(given, layer.attention_norm), attended, backend, workspace, tape);
    Tensor carried = given;
    if (layer.residual) {
        carried = take("carried", x.cols());
        product("residual", given, *layer.residual, carried);
    }
    write(carried, attended, layer.attention_norm);

    const Tensor inner = take("inner", shape.ffn_dim), outer = take("outer", x.cols());
    product("ffn in", read(x, layer.ffn_norm), layer.in, inner);
    if (shape.style.activation == FfnActivation::gelu) {
        backend.run("activation", GeluExact{.from = inner, .to = inner});
    } else {
        backend.run("activation", Relu{.from = inner, .to = inner});
    }
    product("ffn out", inner, layer.out, outer);
    write(x, outer, layer.ffn_norm);
}

}  // namespace headcount
