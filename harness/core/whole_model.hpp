// A whole published model: its layers of attention as points, and what stands around them. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/point.hpp"

namespace headcount {

/// Layers of one model whose attention is the same.
struct AttentionLayers {
    std::int64_t layers = 0;
    PointSpec reading;  ///< a prompt read at once; without lengths, batch and dtype
    PointSpec writing;  ///< one token behind a cache: the same but for options (form: absorbed)
};

/// Matrices [embed_dim, ffn_dim] and [ffn_dim, embed_dim]; a gated one (SwiGLU, GeGLU) has two of the former.
struct FeedForward {
    std::int64_t ffn_dim = 0;
    bool gated = false;
    bool bias = false;

    /// Weights of the matrices, which is also how often one token multiplies.
    std::int64_t weights(std::int64_t embed_dim) const { return (gated ? 3 : 2) * embed_dim * ffn_dim; }
    std::int64_t parameters(std::int64_t embed_dim) const {
        return weights(embed_dim) + (bias ? (gated ? 2 : 1) * ffn_dim + embed_dim : 0);
    }
};

/// A mixture: a token is sent to `active` of `count` experts and to all that are shared. Each is a FeedForward.
struct Experts {
    std::int64_t count = 0, active = 0, shared = 0;
    std::int64_t ffn_dim = 0;       ///< of one expert
    std::int64_t dense_layers = 0;  ///< layers without experts
    bool router_bias = false;       ///< one number for each expert
};

/// A number that somebody printed about the model.
struct PublishedNumber {
    std::string quantity;  ///< "parameters", "active parameters", "cache bytes a token"
    std::string printed;   ///< "8.03e9": its digits are its rounding
    std::string source;
    std::string finding;  ///< why our number does not round to it; empty: it does
};

struct WholeModel {
    std::string name;    ///< the file's name without extension
    std::string source;  ///< configuration file or paper
    std::int64_t embed_dim = 0;
    std::vector<AttentionLayers> attention;
    FeedForward ffn;                 ///< of the layers without experts
    std::optional<Experts> experts;  ///< none: every layer is dense
    std::int64_t vocabulary = 0;
    bool tied_embeddings = false;        ///< one matrix reads tokens and predicts them
    bool predicts = true;                ///< false: an encoder, whose result is its vectors
    std::int64_t layer_norms = 0;        ///< vectors of embed_dim in each layer
    std::int64_t model_norms = 0;        ///< those outside of the layers
    std::int64_t more_in_attention = 0;  ///< parameters of a layer's attention that its variant does not have
    std::int64_t longest = 0;            ///< tokens that the source names
    std::vector<PublishedNumber> published{};

    std::int64_t num_layers() const {
        std::int64_t all = 0;
        for (const AttentionLayers& kind : attention) all += kind.layers;
        return all;
    }
    std::int64_t dense_layers() const { return experts ? experts->dense_layers : num_layers(); }
};

}  // namespace headcount
