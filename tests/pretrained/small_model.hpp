// A folder with a small encoder of random numbers, and questions with texts for it.
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

struct NamedShape {
    std::string name;
    std::vector<std::int64_t> shape;
};

inline std::vector<NamedShape> small_tensors() {
    std::vector<NamedShape> all{{"embeddings.word_embeddings.weight", {kSmallTokens, kSmallWidth}},
                                {"embeddings.position_embeddings.weight", {16, kSmallWidth}},
                                {"embeddings.token_type_embeddings.weight", {2, kSmallWidth}}};
    const auto linear = [&](const std::string& name, std::int64_t from, std::int64_t to) {
        all.push_back({name + ".weight", {to, from}});
        all.push_back({name + ".bias", {to}});
    };
    const auto norm = [&](const std::string& name) {
        all.push_back({name + ".weight", {kSmallWidth}});
        all.push_back({name + ".bias", {kSmallWidth}});
    };
    norm("embeddings.LayerNorm");
    for (int i = 0; i < kSmallLayers; ++i) {
        const std::string prefix = fmt::format("encoder.layer.{}.", i);
        for (const char* name :
             {"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"}) {
            linear(prefix + name, kSmallWidth, kSmallWidth);
        }
        norm(prefix + "attention.output.LayerNorm");
        linear(prefix + "intermediate.dense", kSmallWidth, kSmallInner);
        linear(prefix + "output.dense", kSmallInner, kSmallWidth);
        norm(prefix + "output.LayerNorm");
    }
    return all;
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
            const auto value = static_cast<float>(0.6 * draw.normal());
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
