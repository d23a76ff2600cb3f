// What a variant is: one attention algorithm, written once over backend verbs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/backend/backend.hpp"
#include "harness/core/error.hpp"
#include "harness/core/field.hpp"
#include "harness/core/names.hpp"
#include "harness/core/problem.hpp"
#include "harness/core/tensor.hpp"
#include "harness/core/workspace.hpp"
#include "harness/judge/attention.hpp"

namespace headcount {

/// Named weight tensors. The harness supplies the canonical ones (layer scope only):
///   wq [1,1,1, embed_dim, num_heads * head_dim]            bq [1,1,1, 1, num_heads * head_dim]
///   wk [1,1,1, embed_dim, num_kv_heads * head_dim]         bk
///   wv [1,1,1, embed_dim, num_kv_heads * value_head_dim]   bv
///   wo [1,1,1, num_heads * value_head_dim, embed_dim]      bo [1,1,1, 1, embed_dim]
/// (b* only with bias). A variant's prepare() returns what its forward() reads, under its own names.
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

/// What forward() reads. Layer scope: x_q [batch,1,1,q_len,embed_dim], x_kv [batch,1,1,kv_len,embed_dim]
/// (the same tensor when q_len == kv_len: self-attention). Core scope: q [batch,1,1,q_len,num_heads*head_dim],
/// k [batch,1,1,kv_len,num_kv_heads*head_dim], v [batch,1,1,kv_len,num_kv_heads*value_head_dim].
struct Inputs {
    Problem problem;
    Tensor x_q, x_kv;
    Tensor q, k, v;
};

struct Variant {
    std::string summary;          ///< one line for `headcount list variants`
    std::string source;           ///< where the algorithm comes from
    std::vector<Field> own = {};  ///< options of its own (core/options.hpp)
    /// The function of (inputs, canonical weights) that forward() computes, written without it; the check and the
    /// required ledger of tests follow from it.
    judge::Definition definition = judge::attention();
    /// Why this problem cannot run; empty when it can.
    std::string (*unsupported)(const Problem& problem) = nullptr;
    /// Packs canonical weights into what forward() wants, outside the timer. New tensors come from `store`
    /// and are filled with backend verbs, so a dry run prepares too. Null: the canonical weights as they are.
    Weights (*prepare)(const Problem& problem, const Weights& canonical, Backend& backend, Workspace& store) = nullptr;
    /// out: layer scope [batch,1,1,q_len,embed_dim]; core scope [batch,1,1,q_len,num_heads*value_head_dim].
    /// Every temporary comes from `workspace`; nothing is allocated in the timed path.
    void (*forward)(const Inputs& in, const Weights& weights, Tensor out, Backend& backend,
                    Workspace& workspace) = nullptr;
    /// Whether scores and weights are tensors of the point's dtype, not only a backend's scratch. The check's bound
    /// then allows for the rounding of each (bf16).
    bool stores_scores = true;
};

}  // namespace headcount
