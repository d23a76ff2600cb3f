// An encoder of sentences: how its parts are arranged, its sizes and its numbers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/workspace.hpp"
#include "variants/weights.hpp"

namespace headcount {

enum class FfnActivation : std::uint8_t { gelu, relu };

/// What encoders differ in besides their sizes.
struct EncoderStyle {
    FfnActivation activation = FfnActivation::gelu;  ///< of the feed-forward
    bool norms_first = false;      ///< attention and feed-forward read normalised rows; otherwise their sums are
    bool embeds_segments = true;   ///< a row is added to each token and the sum is normalised
    bool learns_positions = true;  ///< otherwise their rows are given by a formula, and are in the file all the same
    bool has_token_dim = false;    ///< the first layer may read fewer columns than it writes
    bool ends_with_tanh = false;   ///< of a matrix product of the mean over tokens
};

struct EncoderShape {
    std::int64_t layers = 1, num_heads = 1, embed_dim = 1;
    std::int64_t token_dim = 1;  ///< columns of the rows of tokens: what the first layer reads; all write embed_dim
    std::int64_t ffn_dim = 1;
    std::int64_t tokens = 1;     ///< of the vocabulary
    std::int64_t positions = 1;  ///< the longest text
    double epsilon = 1e-12;      ///< of its norms
    EncoderStyle style;

    std::int64_t width_in(std::int64_t layer) const { return layer == 0 ? token_dim : embed_dim; }
    std::int64_t head_dim(std::int64_t layer) const { return width_in(layer) / num_heads; }
    /// From a config.json. Throws UsageError: unreadable, another kind of model, heads that do not divide a width.
    static EncoderShape read(const std::filesystem::path& config);
};

struct Norm {
    Tensor gain, shift;  ///< [1, 1, 1, 1, columns]
};

struct Linear {
    Tensor weight, bias;  ///< [from, to], [1, to]; y = x weight + bias
};

struct EncoderLayer {
    Weights attention;  ///< the canonical ones, with biases; W_O has embed_dim columns
    Norm attention_norm;
    std::optional<Linear> residual;  ///< [width_in, embed_dim], where these differ: what is carried past the attention
    Linear in, out;                  ///< [embed_dim, ffn_dim] and back
    Norm ffn_norm;
};

class Encoder {
public:
    /// From a folder with model.safetensors and config.json, as the transformers library writes those of BERT (Devlin
    /// et al. 2019) and use_lite.py those of the Universal Sentence Encoder Lite (Cer et al. 2018). Throws UsageError.
    static Encoder load(const std::filesystem::path& folder);
    /// Before any training, as BERT begins: normal numbers of deviation 0.02, biases 0, gains 1. What is not learned
    /// is that of `trained`.
    static Encoder untrained(const Encoder& trained, std::uint64_t seed);

    const EncoderShape& shape() const { return shape_; }
    const EncoderLayer& layer(std::int64_t index) const { return layers_[static_cast<std::size_t>(index)]; }
    const Tensor& token_rows() const { return tokens_; }        ///< [1, 1, 1, tokens, token_dim]
    const Tensor& position_rows() const { return positions_; }  ///< [1, 1, 1, positions, token_dim]
    const Tensor& segment_row() const { return segment_; }      ///< [1, 1, 1, 1, token_dim], of the first segment
    const Norm& norm() const { return norm_; }                  ///< of the sum of these; both where embeds_segments
    const Linear& last() const { return last_; }                ///< [embed_dim, embed_dim], where ends_with_tanh
    std::uint64_t hash() const { return hash_; }                ///< of the file; 0: untrained

private:
    enum class Kind : std::uint8_t { matrix, bias, gain, given };
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
    Linear add_linear(const std::string& name, std::int64_t from, std::int64_t to);
    Norm add_norm(const std::string& name, std::int64_t cols);
    EncoderLayer add_layer(std::int64_t index);

    EncoderShape shape_;
    Workspace store_;
    std::vector<Parameter> parameters_;
    Tensor tokens_, positions_, segment_;
    Norm norm_;
    Linear last_;
    std::vector<EncoderLayer> layers_;
    std::uint64_t hash_ = 0;
};

}  // namespace headcount
