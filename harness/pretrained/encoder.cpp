#include "harness/pretrained/encoder.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/core/error.hpp"
#include "harness/pretrained/safetensors.hpp"
#include "tasks/draw.hpp"

namespace headcount {
namespace {

struct KnownModel {
    std::string_view model_type, hidden_act;
    EncoderStyle style;
};

constexpr std::array kKnownModels{
    KnownModel{.model_type = "bert", .hidden_act = "gelu", .style = {}},
    KnownModel{.model_type = "universal-sentence-encoder-lite",
               .hidden_act = "relu",
               .style = {.activation = FfnActivation::relu,
                         .norms_first = true,
                         .embeds_segments = false,
                         .learns_positions = false,
                         .has_token_dim = true,
                         .ends_with_tanh = true}},
};

/// Throws Error.
const EncoderStyle& style_of(const nlohmann::json& config) {
    const auto type = config.value("model_type", ""), activation = config.value("hidden_act", "");
    const auto known = std::ranges::find_if(kKnownModels, [&](const KnownModel& model) {
        return model.model_type == type && model.hidden_act == activation;
    });
    if (known == kKnownModels.end() || config.value("position_embedding_type", "absolute") != "absolute") {
        throw Error(
            "only encoders with model_type bert and hidden_act gelu, or model_type universal-sentence-encoder-lite and "
            "hidden_act relu, with absolute positions, are known");
    }
    return known->style;
}

}  // namespace

EncoderShape EncoderShape::read(const std::filesystem::path& config) {
    const auto fail = [&](const std::string& what) { return UsageError(fmt::format("{}: {}", config.string(), what)); };
    std::ifstream file(config);
    if (!file) throw fail("cannot be read; is the model installed?");
    EncoderShape shape;
    try {
        const auto json = nlohmann::json::parse(file);
        const EncoderStyle& style = style_of(json);
        const auto size = [&](const char* name) {
            const auto value = json.at(name).get<std::int64_t>();
            if (value < 1 || value > (std::int64_t{1} << 24)) throw Error(fmt::format("{} is {}", name, value));
            return value;
        };
        shape = {.layers = size("num_hidden_layers"),
                 .num_heads = size("num_attention_heads"),
                 .embed_dim = size("hidden_size"),
                 .token_dim = size(style.has_token_dim ? "embedding_size" : "hidden_size"),
                 .ffn_dim = size("intermediate_size"),
                 .tokens = size("vocab_size"),
                 .positions = size("max_position_embeddings"),
                 .epsilon = json.value("layer_norm_eps", 1e-12),
                 .style = style};
        for (const std::int64_t width : {shape.embed_dim, shape.token_dim}) {
            if (width % shape.num_heads != 0)
                throw Error(fmt::format("width {} does not divide into the heads", width));
        }
    } catch (const std::exception& error) {
        throw fail(error.what());
    }
    return shape;
}

Encoder Encoder::blank(const EncoderShape& shape) {
    const Encoder imagined(shape, Workspace::dry());
    return {shape, Workspace::reserve(imagined.store_.reserved_bytes())};
}

Tensor Encoder::add(std::string name, std::int64_t rows, std::int64_t cols, Kind kind) {
    const Tensor values = store_.take(name, DType::f32, {1, 1, 1, rows, cols});
    parameters_.push_back({.name = std::move(name), .values = values, .kind = kind});
    return values;
}

Linear Encoder::add_linear(const std::string& name, std::int64_t from, std::int64_t to) {
    const Tensor matrix = add(name + ".weight", from, to, Kind::matrix);
    parameters_.back().is_transposed = true;
    return {.weight = matrix, .bias = add(name + ".bias", 1, to, Kind::bias)};
}

Norm Encoder::add_norm(const std::string& name, std::int64_t cols) {
    return {.gain = add(name + ".weight", 1, cols, Kind::gain), .shift = add(name + ".bias", 1, cols, Kind::bias)};
}

EncoderLayer Encoder::add_layer(std::int64_t index) {
    const std::int64_t from = shape_.width_in(index), to = shape_.embed_dim;
    const std::string prefix = fmt::format("encoder.layer.{}.", index);
    EncoderLayer layer;
    const auto project = [&](const char* its_name, const char* in_file, std::int64_t cols) {
        const Linear linear = add_linear(prefix + "attention." + in_file, from, cols);
        layer.attention.set(std::string("w") + its_name, linear.weight);
        layer.attention.set(std::string("b") + its_name, linear.bias);
    };
    project("q", "self.query", from);
    project("k", "self.key", from);
    project("v", "self.value", from);
    project("o", "output.dense", to);
    layer.attention_norm = add_norm(prefix + "attention.output.LayerNorm", shape_.style.norms_first ? from : to);
    if (from != to) layer.residual = add_linear(prefix + "residual.dense", from, to);
    layer.in = add_linear(prefix + "intermediate.dense", to, shape_.ffn_dim);
    layer.out = add_linear(prefix + "output.dense", shape_.ffn_dim, to);
    layer.ffn_norm = add_norm(prefix + "output.LayerNorm", to);
    return layer;
}

Encoder::Encoder(const EncoderShape& shape, Workspace store) : shape_(shape), store_(std::move(store)) {
    const EncoderStyle& style = shape.style;
    tokens_ = add("embeddings.word_embeddings.weight", shape.tokens, shape.token_dim, Kind::matrix);
    positions_ = add("embeddings.position_embeddings.weight", shape.positions, shape.token_dim,
                     style.learns_positions ? Kind::matrix : Kind::given);
    if (style.embeds_segments) {
        segment_ = add("embeddings.token_type_embeddings.weight", 1, shape.token_dim, Kind::matrix);
        parameters_.back().file_rows = 2;
        norm_ = add_norm("embeddings.LayerNorm", shape.token_dim);
    }
    for (std::int64_t i = 0; i < shape.layers; ++i) layers_.push_back(add_layer(i));
    if (style.ends_with_tanh) last_ = add_linear("pooler.dense", shape.embed_dim, shape.embed_dim);
}

Encoder Encoder::load(const std::filesystem::path& folder) {
    Encoder encoder = blank(EncoderShape::read(folder / "config.json"));
    const SafeTensors file(folder / "model.safetensors");
    encoder.hash_ = file.hash();
    for (const Parameter& parameter : encoder.parameters_) {
        const Tensor& t = parameter.values;
        std::vector<std::int64_t> shape{t.cols()};
        if (parameter.is_transposed) {
            shape = {t.cols(), t.rows()};
        } else if (parameter.kind == Kind::matrix || parameter.kind == Kind::given) {
            shape = {std::max(t.rows(), parameter.file_rows), t.cols()};
        }
        const float* const from = file.at(parameter.name, shape).values;
        float* const to = static_cast<float*>(t.data);
        for (std::int64_t i = 0; i < t.rows(); ++i) {
            for (std::int64_t j = 0; j < t.cols(); ++j) {
                to[i * t.cols() + j] = parameter.is_transposed ? from[j * t.rows() + i] : from[i * t.cols() + j];
            }
        }
    }
    return encoder;
}

Encoder Encoder::untrained(const Encoder& trained, std::uint64_t seed) {
    constexpr double kDeviation = 0.02;
    Encoder encoder = blank(trained.shape());
    for (std::size_t index = 0; index < encoder.parameters_.size(); ++index) {
        const Parameter& parameter = encoder.parameters_[index];
        const std::span to(static_cast<float*>(parameter.values.data),
                           static_cast<std::size_t>(parameter.values.elements()));
        Draw draw(seed, 0, parameter.name);
        switch (parameter.kind) {
            case Kind::matrix:
                for (float& weight : to) weight = static_cast<float>(kDeviation * draw.normal());
                break;
            case Kind::bias: std::ranges::fill(to, 0.0F); break;
            case Kind::gain: std::ranges::fill(to, 1.0F); break;
            case Kind::given:
                std::copy_n(static_cast<const float*>(trained.parameters_[index].values.data), to.size(), to.begin());
                break;
        }
    }
    return encoder;
}

}  // namespace headcount
