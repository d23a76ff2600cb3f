// A decoder that tells the next token: embeddings, layers of causal attention and feed-forward, scores of all tokens.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/train/model.hpp"

namespace headcount {

/// x = token + position; x = x + attention(norm(x)) and x = x + W_2 gelu(W_1 norm(x)) in each layer; scores = W
/// norm(x). Norms come first (Xiong et al. 2020); positions are learned. Keys are numbers of tokens, targets those that
/// follow. The loss is the mean cross-entropy in nats.
class Decoder final : public Model {
public:
    Decoder(const Point& point, const Variant& variant, const ModelShape& shape, Workspace& learned, Workspace& data);

    void begin(std::uint64_t seed, std::int64_t run) const override;
    Forwarded forward(Backend& backend, Workspace& temporaries) const override;

private:
    static std::vector<LearnedMatrix> matrices(const Point& point, const Variant& variant, const ModelShape& shape);
    Tensor take(Workspace& temporaries, const char* name, std::int64_t cols) const;
    Tensor normalised(const std::string& name, const Tensor& x, Backend& backend, Workspace& temporaries) const;
    Tensor product(const std::string& name, const Tensor& x, std::int64_t cols, Backend& backend,
                   Workspace& temporaries) const;
    Tensor embedded(Backend& backend, Workspace& temporaries) const;

    Point point_;
    const Variant* variant_;
    ModelShape shape_;
    Tensor places_;  ///< [1, 1, 1, q_len, 1]: 0, 1, 2 ...
};

}  // namespace headcount
