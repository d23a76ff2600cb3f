// Folders with small encoders of random numbers, and questions with texts for them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/pretrained/encoder.hpp"
#include "harness/pretrained/pairs.hpp"
#include "tasks/draw.hpp"

namespace headcount::testing {

inline constexpr std::int64_t kSmallLayers = 2, kSmallHeads = 3, kSmallWidth = 12, kSmallInner = 20, kSmallTokens = 17;
inline constexpr std::int64_t kSmallTokenWidth = 6;  ///< of the small USE Lite, whose first layer reads half as much

struct NamedShape {
    std::string name;
    std::vector<std::int64_t> shape;
    double deviation = 0.6;
};

/// Names and shapes of the parts of an encoder.
struct NamedShapes {
    std::vector<NamedShape> all;

    void linear(const std::string& name, std::int64_t from, std::int64_t to, double deviation = 0.6) {
        all.push_back({name + ".weight", {to, from}, deviation});
        all.push_back({name + ".bias", {to}});
    }
    void norm(const std::string& name, std::int64_t width) {
        all.push_back({name + ".weight", {width}});
        all.push_back({name + ".bias", {width}});
    }
    void tokens(std::int64_t width) {
        all.push_back({"embeddings.word_embeddings.weight", {kSmallTokens, width}});
        all.push_back({"embeddings.position_embeddings.weight", {16, width}});
    }
    /// One that reads `width` columns, which its attention normalises if `norms_first`.
    void layer(std::int64_t index, std::int64_t width, bool norms_first) {
        const std::string prefix = fmt::format("encoder.layer.{}.", index);
        for (const char* name : {"attention.self.query", "attention.self.key", "attention.self.value"}) {
            linear(prefix + name, width, width);
        }
        linear(prefix + "attention.output.dense", width, kSmallWidth);
        norm(prefix + "attention.output.LayerNorm", norms_first ? width : kSmallWidth);
        if (width != kSmallWidth) linear(prefix + "residual.dense", width, kSmallWidth);
        linear(prefix + "intermediate.dense", kSmallWidth, kSmallInner);
        linear(prefix + "output.dense", kSmallInner, kSmallWidth);
        norm(prefix + "output.LayerNorm", kSmallWidth);
    }
};

inline std::vector<NamedShape> small_tensors() {
    NamedShapes shapes;
    shapes.tokens(kSmallWidth);
    shapes.all.push_back({"embeddings.token_type_embeddings.weight", {2, kSmallWidth}});
    shapes.norm("embeddings.LayerNorm", kSmallWidth);
    for (int i = 0; i < kSmallLayers; ++i) shapes.layer(i, kSmallWidth, false);
    return shapes.all;
}

inline std::vector<NamedShape> small_use_lite_tensors() {
    NamedShapes shapes;
    shapes.tokens(kSmallTokenWidth);
    for (int i = 0; i < kSmallLayers; ++i) shapes.layer(i, i == 0 ? kSmallTokenWidth : kSmallWidth, true);
    shapes.linear("pooler.dense", kSmallWidth, kSmallWidth, 0.05);  // where tanh is steep
    return shapes.all;
}

inline nlohmann::json small_config() {
    return {{"model_type", "bert"},
            {"hidden_act", "gelu"},
            {"num_hidden_layers", kSmallLayers},
            {"num_attention_heads", kSmallHeads},
            {"hidden_size", kSmallWidth},
            {"intermediate_size", kSmallInner},
            {"vocab_size", kSmallTokens},
            {"max_position_embeddings", 16},
            {"layer_norm_eps", 1e-12}};
}

inline nlohmann::json small_use_lite_config() {
    nlohmann::json config = small_config();
    config["model_type"] = "universal-sentence-encoder-lite";
    config["hidden_act"] = "relu";
    config["embedding_size"] = kSmallTokenWidth;
    config["layer_norm_eps"] = 1e-6;
    return config;
}

inline void write_file(const std::filesystem::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

/// The bytes of a safetensors file with normal numbers, the same for the same names and shapes.
inline std::string safetensors_bytes(const std::vector<NamedShape>& tensors) {
    nlohmann::json header{{"__metadata__", {{"format", "pt"}}}};
    std::string numbers;
    for (const NamedShape& tensor : tensors) {
        std::int64_t elements = 1;
        for (const std::int64_t extent : tensor.shape) elements *= extent;
        const std::size_t begin = numbers.size();
        Draw draw(3, 0, tensor.name);
        for (std::int64_t i = 0; i < elements; ++i) {
            const auto value = static_cast<float>(tensor.deviation * draw.normal());
            numbers.append(reinterpret_cast<const char*>(&value), sizeof value);
        }
        header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, numbers.size()}}};
    }
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');
    std::string bytes(8, '\0');
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(text.size() >> (8 * i) & 0xFFU);
    return bytes + text + numbers;
}

/// Writes model.safetensors and config.json.
inline void write_small_model(const std::filesystem::path& folder) {
    write_file(folder / "config.json", small_config().dump());
    write_file(folder / "model.safetensors", safetensors_bytes(small_tensors()));
}
inline void write_small_use_lite(const std::filesystem::path& folder) {
    write_file(folder / "config.json", small_use_lite_config().dump());
    write_file(folder / "model.safetensors", safetensors_bytes(small_use_lite_tensors()));
}

/// Pairs of random texts of 1 to 9 tokens, of which a question shares some with its text.
inline Pairs small_pairs(std::int64_t count) {
    Pairs pairs{.source = "a test", .max_tokens = 9, .hash = 1, .questions = {}, .texts = {}};
    Draw draw(5, 0, "pairs");
    for (std::int64_t i = 0; i < count; ++i) {
        TokenIds text;
        for (std::size_t n = 1 + draw.below(9); text.size() < n;) {
            text.push_back(static_cast<std::int32_t>(draw.below(kSmallTokens)));
        }
        pairs.questions.emplace_back(text.begin(), text.begin() + static_cast<std::ptrdiff_t>((text.size() + 1) / 2));
        pairs.texts.push_back(text);
    }
    return pairs;
}

}  // namespace headcount::testing
