// Runs an encoder with attention by one of our variants, and with as many heads in each layer as one likes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "harness/backend/backend.hpp"
#include "harness/core/point.hpp"
#include "harness/core/workspace.hpp"
#include "harness/pretrained/encoder.hpp"
#include "harness/pretrained/pairs.hpp"
#include "variants/kept_heads.hpp"
#include "variants/variant.hpp"

namespace headcount {

class Tape;

inline KeptHeads all_heads(const EncoderShape& shape) { return all_heads(shape.layers, shape.num_heads); }

class EncoderRunner {
public:
    /// `point` says variant, backend, threads and their options; its problem is not looked at. Throws UsageError where
    /// the variant cannot run such a problem. The encoder outlives it.
    EncoderRunner(const Encoder& encoder, const Point& point);

    /// A removed head is not computed: its columns of W_Q, W_K and W_V and its rows of W_O are cut out, which gives
    /// what its zeroed output would.
    void keep(const KeptHeads& kept);

    /// Rows of tokens, before the first layer, into the first token_dim columns of x [batch, 1, 1, len, embed_dim]:
    /// `texts` are batch texts of len tokens each.
    void embed(std::span<const TokenIds* const> texts, const Tensor& x);
    /// x becomes the layer's output. What its attention did is recorded on `tape`, whose windows show it until the next
    /// call, where there is one.
    void run_layer(std::int64_t layer, const Tensor& x, Tape* tape = nullptr);

    Backend& backend() { return *backend_; }
    const Encoder& encoder() const { return *encoder_; }

private:
    Point point_for(std::int64_t layer, std::int64_t batch, std::int64_t len, std::int64_t heads) const;
    Weights cut(std::int64_t layer, const std::vector<std::int64_t>& kept);
    std::int64_t heads_in(std::int64_t layer) const;
    void normalise(const Tensor& from, const Norm& norm, const Tensor& to, Backend& backend) const;
    void attend(std::int64_t layer, const Tensor& x, const Tensor& to, Backend& backend, Workspace& workspace,
                Tape* tape) const;
    void layer_with(std::int64_t layer, const Tensor& x, Backend& backend, Workspace& workspace, Tape* tape) const;
    void make_room(std::int64_t layer, const Tensor& x, bool keeps_all);

    const Encoder* encoder_;
    Point point_;
    const Variant* variant_;
    std::unique_ptr<Backend> backend_, dry_;
    KeptHeads kept_;
    std::vector<Workspace> cut_;      ///< of each layer the weights of its kept heads
    std::vector<Weights> attention_;  ///< of these, as forward() wants them
    Workspace temporaries_ = Workspace::reserve(0);
    std::int64_t room_ = 0;
    std::set<std::array<std::int64_t, 4>> fitting_;  ///< batch, len, heads and width_in of layers there is room for
};

}  // namespace headcount
