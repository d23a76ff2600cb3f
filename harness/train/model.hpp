// What is trained: parameters, the places of a batch, and a forward pass in verbs that ends in a loss.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "harness/backend/backend.hpp"
#include "harness/core/workspace.hpp"
#include "harness/train/parameters.hpp"
#include "tasks/task.hpp"
#include "variants/variant.hpp"

namespace headcount {

/// What a forward pass leaves.
struct Forwarded {
    Tensor loss;  ///< [1, 1, 1, 1, 1]
    std::int64_t cache_bytes = 0;
};

class Model {
public:
    explicit Model(Parameters parameters) : parameters_(std::move(parameters)) {}
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;
    virtual ~Model() = default;

    /// Numbers to begin with: the same for one seed and run.
    virtual void begin(std::uint64_t seed, std::int64_t run) const = 0;
    /// From a batch in its places to the loss. All it makes on the way is taken from `temporaries`.
    virtual Forwarded forward(Backend& backend, Workspace& temporaries) const = 0;

    const Parameters& parameters() const { return parameters_; }
    /// Of each layer of attention what the variant's weights are: windows on parameters().
    const std::vector<Weights>& attention() const { return attention_; }
    /// keys [batch, 1, 1, kv_len, key_width], queries [batch, 1, 1, q_len, query_width] or nothing, targets [1, 1, 1,
    /// batch * q_len, target_width].
    const Tensor& keys() const { return keys_; }
    const Tensor& queries() const { return queries_; }
    const Tensor& targets() const { return targets_; }

protected:
    Tensor keys_, queries_, targets_;
    std::vector<Weights> attention_;

private:
    Parameters parameters_;
};

/// Takes its parameters from `learned` and the places of a batch from `data`, which may be dry; both outlive it.
std::unique_ptr<Model> make_model(const Point& point, const Variant& variant, const ModelShape& shape,
                                  Workspace& learned, Workspace& data);

/// Layers of attention that a model of this shape has, and the point of one of them: with as many heads as it has
/// there.
std::int64_t attention_layers(const ModelShape& shape);
Point layer_point(const Point& point, const ModelShape& shape, std::int64_t layer);

/// The weights that a variant wants filled: its own, or the canonical ones. Of a layer without heads the bias alone.
std::vector<WeightShape> attention_weights(const Point& point, const Variant& variant);

/// Attention by the variant with these weights, which it may want to prepare first.
/// x_q [batch, 1, 1, q_len, embed_dim], x_kv likewise, out like x_q. Returns the bytes that decoding would keep.
/// Without heads x_q and x_kv are not looked at, and out becomes the bias of the output or 0.
std::int64_t attend_with(const Point& point, const Variant& variant, const Weights& weights, const Tensor& x_q,
                         const Tensor& x_kv, const Tensor& out, Backend& backend, Workspace& temporaries);

}  // namespace headcount
