#include "harness/train/decoder.hpp"

#include <cmath>

#include "harness/backend/verbs/cross_entropy.hpp"
#include "harness/backend/verbs/gather_rows.hpp"
#include "harness/backend/verbs/gelu.hpp"
#include "harness/backend/verbs/layer_norm.hpp"
#include "harness/core/storage.hpp"

namespace headcount {
namespace {

constexpr double kEpsilon = 1e-5;

std::string in_layer(std::int64_t layer, const std::string& name) {
    return "layer" + std::to_string(layer) + "." + name;
}

}  // namespace

std::vector<LearnedMatrix> Decoder::matrices(const Point& point, const Variant& variant, const ModelShape& shape) {
    constexpr double kEmbedding = 0.02;  // as GPT-2 begins (Radford et al. 2019)
    const std::int64_t e = point.problem.embed_dim;
    std::vector<LearnedMatrix> all{
        {.name = "tokens", .rows = shape.vocabulary, .cols = e, .deviation = kEmbedding},
        {.name = "positions", .rows = point.problem.q_len, .cols = e, .deviation = kEmbedding}};
    const auto norm = [&](const std::string& name) {
        all.push_back({.name = name + ".gain", .rows = 1, .cols = e, .mean = 1});
        all.push_back({.name = name + ".shift", .rows = 1, .cols = e});
    };
    const auto linear = [&](const std::string& name, std::int64_t from, std::int64_t to, double factor) {
        all.push_back({.name = name + ".w",
                       .rows = from,
                       .cols = to,
                       .deviation = factor / std::sqrt(static_cast<double>(from))});
        all.push_back({.name = name + ".b", .rows = 1, .cols = to});
    };
    // So that the sum over all layers does not grow with their number.
    const double share = 1 / std::sqrt(2.0 * static_cast<double>(shape.layers));
    for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
        norm(in_layer(layer, "norm1"));
        for (const WeightShape& weight : attention_weights(layer_point(point, shape, layer), variant)) {
            LearnedMatrix matrix = learned(weight);
            matrix.name = in_layer(layer, weight.name);
            if (weight.name == "wo") matrix.deviation *= share;
            all.push_back(matrix);
        }
        norm(in_layer(layer, "norm2"));
        linear(in_layer(layer, "ffn1"), e, shape.hidden, 1);
        linear(in_layer(layer, "ffn2"), shape.hidden, e, share);
    }
    norm("norm");
    linear("scores", e, shape.vocabulary, 1);
    return all;
}

Decoder::Decoder(const Point& point, const Variant& variant, const ModelShape& shape, Workspace& learned,
                 Workspace& data)
    : Model(Parameters(matrices(point, variant, shape), point.problem.dtype, learned)),
      point_(point),
      variant_(&variant),
      shape_(shape) {
    const Problem& p = point_.problem;
    for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
        Weights& weights = attention_.emplace_back();
        for (const WeightShape& weight : attention_weights(layer_point(point, shape, layer), variant)) {
            weights.set(weight.name, parameters().at(in_layer(layer, weight.name)));
        }
    }
    keys_ = data.take("keys", p.dtype, {p.batch, 1, 1, p.kv_len, 1});
    targets_ = data.take("targets", p.dtype, {1, 1, 1, p.batch * p.q_len, 1});
    places_ = data.take("places", p.dtype, {1, 1, 1, p.q_len, 1});
}

void Decoder::begin(std::uint64_t seed, std::int64_t run) const {
    parameters().begin(seed, run);
    with_storage(places_.dtype, [&](auto storage) {
        using T = decltype(storage);
        for (std::int64_t i = 0; i < places_.rows(); ++i) {
            *places_.at<T>(0, 0, 0, i) = stored<T>(static_cast<double>(i));
        }
    });
}

Tensor Decoder::take(Workspace& temporaries, const char* name, std::int64_t cols) const {
    const Problem& p = point_.problem;
    return temporaries.take(name, p.dtype, {p.batch, 1, 1, p.q_len, cols});
}

Tensor Decoder::embedded(Backend& backend, Workspace& temporaries) const {
    const std::int64_t e = point_.problem.embed_dim;
    const Tensor x = take(temporaries, "embedded", e), places = take(temporaries, "places", e);
    backend.run("token", GatherRows{.table = parameters().at("tokens"), .ids = keys_, .to = x});
    backend.run("position", GatherRows{.table = parameters().at("positions"), .ids = places_, .to = places});
    backend.run("position", Add{.from = places, .to = x});
    return x;
}

Tensor Decoder::normalised(const std::string& name, const Tensor& x, Backend& backend, Workspace& temporaries) const {
    const Tensor to = take(temporaries, "norm", x.cols());
    backend.run("norm", LayerNorm{.epsilon = kEpsilon,
                                  .from = x,
                                  .gain = parameters().at(name + ".gain"),
                                  .shift = parameters().at(name + ".shift"),
                                  .to = to});
    return to;
}

Tensor Decoder::product(const std::string& name, const Tensor& x, std::int64_t cols, Backend& backend,
                        Workspace& temporaries) const {
    const Tensor to = take(temporaries, "ffn", cols);
    MatmulOptions options;
    options.bias = &parameters().at(name + ".b");
    backend.matmul("ffn", x, parameters().at(name + ".w"), to, options);
    return to;
}

Forwarded Decoder::forward(Backend& backend, Workspace& temporaries) const {
    const std::int64_t e = point_.problem.embed_dim;
    Forwarded made;
    Tensor x = embedded(backend, temporaries);
    for (std::int64_t layer = 0; layer < shape_.layers; ++layer) {
        const Point here = layer_point(point_, shape_, layer);
        // A derivative that nobody writes cannot be walked on with, so what no head looks at is not made.
        Tensor first;
        if (here.problem.num_heads > 0) first = normalised(in_layer(layer, "norm1"), x, backend, temporaries);
        const Tensor attended = take(temporaries, "attended", e);
        made.cache_bytes += attend_with(here, *variant_, attention_[static_cast<std::size_t>(layer)], first, first,
                                        attended, backend, temporaries);
        backend.run("residual", Add{.from = x, .to = attended});
        const Tensor second = normalised(in_layer(layer, "norm2"), attended, backend, temporaries);
        const Tensor inner = product(in_layer(layer, "ffn1"), second, shape_.hidden, backend, temporaries);
        const Tensor active = take(temporaries, "ffn", shape_.hidden);
        backend.run("activation", Gelu{.from = inner, .to = active});
        x = product(in_layer(layer, "ffn2"), active, e, backend, temporaries);
        backend.run("residual", Add{.from = attended, .to = x});
    }
    const Tensor last = normalised("norm", x, backend, temporaries);
    const Tensor scores = *batch_as_rows(product("scores", last, shape_.vocabulary, backend, temporaries));
    made.loss = temporaries.take("loss", point_.problem.dtype, {1, 1, 1, 1, 1});
    backend.run("loss", CrossEntropy{.scores = scores, .classes = targets_, .loss = made.loss});
    return made;
}

}  // namespace headcount
