#include "harness/pretrained/runner.hpp"

#include <algorithm>

#include "harness/backend/all.hpp"
#include "harness/backend/tape.hpp"
#include "harness/backend/verbs/gelu_exact.hpp"
#include "harness/backend/verbs/layer_norm.hpp"
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
    if (const std::string why = why_unsupported(*variant_, point_for(1, 2, shape.num_heads)); !why.empty()) {
        throw UsageError("variant " + point.variant + " cannot run this model: " + why);
    }
    for (std::int64_t layer = 0; layer < shape.layers; ++layer) cut_.push_back(Workspace::reserve(0));
    keep(all_heads(shape));
}

Point EncoderRunner::point_for(std::int64_t batch, std::int64_t len, std::int64_t heads) const {
    const EncoderShape& shape = encoder_->shape();
    Point point = point_;
    point.problem = {.batch = batch,
                     .q_len = len,
                     .kv_len = len,
                     .embed_dim = shape.embed_dim,
                     .num_heads = heads,
                     .num_kv_heads = heads,
                     .head_dim = shape.head_dim(),
                     .value_head_dim = shape.head_dim(),
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
        for (const WeightShape& shape : canonical_weights(point_for(1, 2, heads).problem)) {
            weights.set(shape.name, from.take(shape.name, DType::f32, {1, 1, 1, shape.rows, shape.cols}));
        }
        cut_heads(whole, weights, kept, encoder_->shape().head_dim(), backend);
        if (variant_->prepare == nullptr) return weights;
        const Point point = point_for(1, 2, heads);
        const Inputs none{.problem = point.problem, .x_q = {}, .x_kv = {}, .q = {}, .k = {}, .v = {}};
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
    const std::int64_t len = x.rows();
    for (std::size_t entry = 0; entry < texts.size(); ++entry) {
        const Tensor rows = x.matrix(static_cast<std::int64_t>(entry), 0, 0);
        for (std::int64_t i = 0; i < len; ++i) {
            backend_->copy("token", encoder_->token_rows().row_range((*texts[entry])[static_cast<std::size_t>(i)], 1),
                           rows.row_range(i, 1));
        }
        backend_->run("position", Add{.from = encoder_->position_rows().row_range(0, len), .to = rows});
        backend_->run("segment", Add{.from = repeated(encoder_->segment_row(), len), .to = rows});
        backend_->run("norm", LayerNorm{.epsilon = encoder_->shape().epsilon,
                                        .from = rows,
                                        .gain = encoder_->norm().gain,
                                        .shift = encoder_->norm().shift,
                                        .to = rows});
    }
}

void EncoderRunner::run_layer(std::int64_t layer, const Tensor& x, Tape* tape) {
    make_room(layer, x, tape != nullptr);
    temporaries_.reset();
    layer_with(layer, x, *backend_, temporaries_, tape);
}

void EncoderRunner::make_room(std::int64_t layer, const Tensor& x, bool keeps_all) {
    const std::array key{x.batch(), x.rows(), heads_in(layer)};
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

void EncoderRunner::layer_with(std::int64_t index, const Tensor& x, Backend& backend, Workspace& workspace,
                               Tape* tape) const {
    const EncoderLayer& layer = encoder_->layer(index);
    const Workspace::Frame frame(workspace);
    const auto take = [&](const char* name, std::int64_t cols) {
        return workspace.take(name, DType::f32, {x.batch(), 1, 1, x.rows(), cols});
    };
    const auto add_and_norm = [&](const Tensor& result, const Norm& norm) {
        backend.run("residual", Add{.from = x, .to = result});
        backend.run(
            "norm",
            LayerNorm{
                .epsilon = encoder_->shape().epsilon, .from = result, .gain = norm.gain, .shift = norm.shift, .to = x});
    };
    const Tensor attended = take("attended", x.cols());
    if (heads_in(index) > 0) {
        const Point point = point_for(x.batch(), x.rows(), heads_in(index));
        const Inputs inputs{.problem = point.problem, .x_q = x, .x_kv = x, .q = {}, .k = {}, .v = {}};
        Pass pass(point, inputs, attention_[static_cast<std::size_t>(index)], attended, backend, workspace);
        backend.record(tape);
        variant_->forward(pass);
        backend.record(nullptr);
    } else {  // what is left is the bias
        backend.run("output", Zero{.to = attended});
        backend.run("output", Add{.from = repeated(layer.attention.at("bo"), x.rows()), .to = attended});
    }
    add_and_norm(attended, layer.attention_norm);

    const auto product = [&](const char* role, const Tensor& from, const Tensor& w, const Tensor& bias,
                             const Tensor& to) {
        MatmulOptions options;
        options.bias = &bias;
        backend.matmul(role, from, w, to, options);
    };
    const Tensor inner = take("inner", encoder_->shape().ffn_dim), outer = take("outer", x.cols());
    product("ffn in", x, layer.w_in, layer.b_in, inner);
    backend.run("activation", GeluExact{.from = inner, .to = inner});
    product("ffn out", inner, layer.w_out, layer.b_out, outer);
    add_and_norm(outer, layer.ffn_norm);
}

}  // namespace headcount
