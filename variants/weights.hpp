// The weights of a variant: which it has, and the tensors themselves by name.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/core/problem.hpp"
#include "harness/core/tensor.hpp"

namespace headcount {

/// One weight [1,1,1, rows, cols] that the harness fills from the seed: a matrix with variance 1 / rows, so that its
/// product with unit-variance rows has unit variance; a bias with numbers large enough that a forgotten one shows.
struct WeightShape {
    std::string name;
    std::int64_t rows, cols;
    bool is_bias = false;
};

/// What a variant has that declares none of its own, in layer scope:
///   wq [embed_dim, num_heads * head_dim]            bq [1, num_heads * head_dim]
///   wk [embed_dim, num_kv_heads * head_dim]         bk
///   wv [embed_dim, num_kv_heads * value_head_dim]   bv
///   wo [num_heads * value_head_dim, embed_dim]      bo [1, embed_dim]
/// (b* only with bias).
inline std::vector<WeightShape> canonical_weights(const Problem& p) {
    if (p.scope == Scope::core) return {};
    std::vector<WeightShape> shapes{{"wq", p.embed_dim, p.query_width()},
                                    {"wk", p.embed_dim, p.key_width()},
                                    {"wv", p.embed_dim, p.value_width()},
                                    {"wo", p.context_width(), p.embed_dim}};
    if (!p.bias) return shapes;
    for (std::size_t i = 0; i < 4; ++i) {
        const WeightShape& matrix = shapes[i];
        shapes.push_back({.name = "b" + matrix.name.substr(1), .rows = 1, .cols = matrix.cols, .is_bias = true});
    }
    return shapes;
}

/// Weight tensors by name: those that the harness supplies, or what a variant's prepare() made of them.
class Weights {
public:
    void set(std::string_view name, Tensor tensor) { tensors_[std::string(name)] = tensor; }
    /// Throws Error that lists the known names.
    const Tensor& at(std::string_view name) const {
        if (const Tensor* found = find(name)) return *found;
        std::vector<std::string> known;
        for (const auto& entry : tensors_) known.push_back(entry.first);
        throw Error(unknown_name("weight", name, std::move(known)));
    }
    /// Null when there is no such weight (a bias of a problem without).
    const Tensor* find(std::string_view name) const {
        const auto it = tensors_.find(name);
        return it == tensors_.end() ? nullptr : &it->second;
    }
    const std::map<std::string, Tensor, std::less<>>& all() const { return tensors_; }
    /// Number of parameters: elements of all tensors.
    std::int64_t elements() const {
        std::int64_t sum = 0;
        for (const auto& entry : tensors_) sum += entry.second.elements();
        return sum;
    }
    std::int64_t bytes() const {
        std::int64_t sum = 0;
        for (const auto& entry : tensors_) sum += entry.second.bytes();
        return sum;
    }

private:
    std::map<std::string, Tensor, std::less<>> tensors_;
};

}  // namespace headcount
