#include "harness/pretrained/encoder.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/core/error.hpp"
#include "harness/pretrained/safetensors.hpp"
#include "tasks/draw.hpp"

namespace headcount {

EncoderShape EncoderShape::read(const std::filesystem::path& config) {
    const auto fail = [&](const std::string& what) { return UsageError(fmt::format("{}: {}", config.string(), what)); };
    std::ifstream file(config);
    if (!file) throw fail("cannot be read; is the model installed?");
    EncoderShape shape;
    try {
        const auto json = nlohmann::json::parse(file);
        if (json.value("model_type", "") != "bert" || json.value("hidden_act", "") != "gelu" ||
            json.value("position_embedding_type", "absolute") != "absolute") {
            throw Error("only encoders with model_type bert, hidden_act gelu and absolute positions are known");
        }
        const auto size = [&](const char* name) {
            const auto value = json.at(name).get<std::int64_t>();
            if (value < 1 || value > (std::int64_t{1} << 24)) throw Error(fmt::format("{} is {}", name, value));
            return value;
        };
        shape = {.layers = size("num_hidden_layers"),
                 .num_heads = size("num_attention_heads"),
                 .embed_dim = size("hidden_size"),
                 .ffn_dim = size("intermediate_size"),
                 .tokens = size("vocab_size"),
                 .positions = size("max_position_embeddings"),
                 .epsilon = json.value("layer_norm_eps", 1e-12)};
        if (shape.embed_dim % shape.num_heads != 0) throw Error("hidden_size does not divide into the heads");
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

Tensor Encoder::add_linear(const std::string& name, std::int64_t from, std::int64_t to, Tensor& bias) {
    const Tensor matrix = add(name + ".weight", from, to, Kind::matrix);
    parameters_.back().is_transposed = true;
    bias = add(name + ".bias", 1, to, Kind::bias);
    return matrix;
}

Norm Encoder::add_norm(const std::string& name) {
    return {.gain = add(name + ".weight", 1, shape_.embed_dim, Kind::gain),
            .shift = add(name + ".bias", 1, shape_.embed_dim, Kind::bias)};
}

Encoder::Encoder(const EncoderShape& shape, Workspace store) : shape_(shape), store_(std::move(store)) {
    const std::int64_t e = shape.embed_dim;
    tokens_ = add("embeddings.word_embeddings.weight", shape.tokens, e, Kind::matrix);
    positions_ = add("embeddings.position_embeddings.weight", shape.positions, e, Kind::matrix);
    segment_ = add("embeddings.token_type_embeddings.weight", 1, e, Kind::matrix);
    parameters_.back().file_rows = 2;
    norm_ = add_norm("embeddings.LayerNorm");
    for (std::int64_t i = 0; i < shape.layers; ++i) {
        const std::string prefix = fmt::format("encoder.layer.{}.", i);
        EncoderLayer layer;
        const auto project = [&](const char* its_name, const char* in_file) {
            Tensor bias;
            const Tensor matrix = add_linear(prefix + "attention." + in_file, e, e, bias);
            layer.attention.set(std::string("w") + its_name, matrix);
            layer.attention.set(std::string("b") + its_name, bias);
        };
        project("q", "self.query");
        project("k", "self.key");
        project("v", "self.value");
        project("o", "output.dense");
        layer.attention_norm = add_norm(prefix + "attention.output.LayerNorm");
        layer.w_in = add_linear(prefix + "intermediate.dense", e, shape.ffn_dim, layer.b_in);
        layer.w_out = add_linear(prefix + "output.dense", shape.ffn_dim, e, layer.b_out);
        layer.ffn_norm = add_norm(prefix + "output.LayerNorm");
        layers_.push_back(std::move(layer));
    }
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
        } else if (parameter.kind == Kind::matrix) {
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

Encoder Encoder::untrained(const EncoderShape& shape, std::uint64_t seed) {
    constexpr double kDeviation = 0.02;
    Encoder encoder = blank(shape);
    for (const Parameter& parameter : encoder.parameters_) {
        float* const to = static_cast<float*>(parameter.values.data);
        Draw draw(seed, 0, parameter.name);
        for (std::int64_t i = 0; i < parameter.values.elements(); ++i) {
            const double weight = parameter.kind == Kind::gain ? 1 : 0;
            to[i] = static_cast<float>(parameter.kind == Kind::matrix ? kDeviation * draw.normal() : weight);
        }
    }
    return encoder;
}

}  // namespace headcount
