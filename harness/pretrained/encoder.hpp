// An encoder of the kind of BERT (Devlin et al. 2019): its sizes and its numbers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "harness/core/workspace.hpp"
#include "variants/weights.hpp"

namespace headcount {

struct EncoderShape {
    std::int64_t layers = 1, num_heads = 1, embed_dim = 1;
    std::int64_t ffn_dim = 1;
    std::int64_t tokens = 1;     ///< of the vocabulary
    std::int64_t positions = 1;  ///< the longest text
    double epsilon = 1e-12;      ///< of its norms

    std::int64_t head_dim() const { return embed_dim / num_heads; }
    /// From a config.json. Throws UsageError: unreadable, another kind of model, heads that do not divide embed_dim.
    static EncoderShape read(const std::filesystem::path& config);
};

struct Norm {
    Tensor gain, shift;  ///< [1, 1, 1, 1, embed_dim]
};

struct EncoderLayer {
    Weights attention;  ///< the canonical ones, with biases
    Norm attention_norm;
    Tensor w_in, b_in;    ///< [embed_dim, ffn_dim]
    Tensor w_out, b_out;  ///< [ffn_dim, embed_dim]
    Norm ffn_norm;
};

class Encoder {
public:
    /// From a folder with model.safetensors and config.json, as the transformers library writes them. Throws
    /// UsageError.
    static Encoder load(const std::filesystem::path& folder);
    /// Before any training, as BERT begins: normal numbers of deviation 0.02, biases 0, gains 1.
    static Encoder untrained(const EncoderShape& shape, std::uint64_t seed);

    const EncoderShape& shape() const { return shape_; }
    const EncoderLayer& layer(std::int64_t index) const { return layers_[static_cast<std::size_t>(index)]; }
    const Tensor& token_rows() const { return tokens_; }        ///< [1, 1, 1, tokens, embed_dim]
    const Tensor& position_rows() const { return positions_; }  ///< [1, 1, 1, positions, embed_dim]
    const Tensor& segment_row() const { return segment_; }      ///< [1, 1, 1, 1, embed_dim], of the first segment
    const Norm& norm() const { return norm_; }                  ///< of the sum of these
    std::uint64_t hash() const { return hash_; }                ///< of the file; 0: untrained

private:
    enum class Kind : std::uint8_t { matrix, bias, gain };
    struct Parameter {
        std::string name;  ///< in the file
        Tensor values;
        Kind kind = Kind::matrix;
        bool is_transposed = false;  ///< in the file a row is an output
        std::int64_t file_rows = 0;  ///< 0: as many as here; of a table of which only the first row is used, all
    };
    Encoder(const EncoderShape& shape, Workspace store);
    /// With memory that nobody has written.
    static Encoder blank(const EncoderShape& shape);
    Tensor add(std::string name, std::int64_t rows, std::int64_t cols, Kind kind);
    Tensor add_linear(const std::string& name, std::int64_t from, std::int64_t to, Tensor& bias);
    Norm add_norm(const std::string& name);

    EncoderShape shape_;
    Workspace store_;
    std::vector<Parameter> parameters_;
    Tensor tokens_, positions_, segment_;
    Norm norm_;
    std::vector<EncoderLayer> layers_;
    std::uint64_t hash_ = 0;
};

}  // namespace headcount
