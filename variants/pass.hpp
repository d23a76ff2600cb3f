// What one pass of a variant reads, where its result goes, and the verbs it is written in.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "harness/backend/backend.hpp"
#include "harness/core/options.hpp"
#include "harness/core/point.hpp"
#include "harness/core/tensor.hpp"
#include "harness/core/workspace.hpp"
#include "variants/weights.hpp"

namespace headcount {

/// Layer scope: x_q [batch,1,1,q_len,embed_dim], x_kv [batch,1,1,kv_len,embed_dim] (the same tensor when
/// q_len == kv_len: self-attention). Core scope: q [batch,1,1,q_len,num_heads*head_dim],
/// k [batch,1,1,kv_len,num_kv_heads*head_dim], v [batch,1,1,kv_len,num_kv_heads*value_head_dim].
/// Projections scope: x_q, which is x_kv, and context [batch,1,1,q_len,num_heads*value_head_dim].
/// A pass of a `cached` point is handed the rows of x_kv that are new to it, and no others.
struct Inputs {
    Problem problem;
    Tensor x_q, x_kv;
    Tensor q, k, v;
    Tensor context;
};

/// What one pass makes of the kv_len tokens, and where that of all of them is kept between passes.
struct TokensOfPass {
    std::int64_t first = 0, count = 0;
    Workspace* kept = nullptr;  ///< null: nothing outlives the pass
};

class Pass {
public:
    /// All outlive the pass. `result`: layer scope [batch,1,1,q_len,embed_dim]; core scope
    /// [batch,1,1,q_len,num_heads*value_head_dim]; projections scope Q, K, V and output side by side.
    Pass(const Point& its_point, const Inputs& inputs, const Weights& its_weights, const Tensor& result, Backend& verbs,
         Workspace& temporaries)
        : Pass(its_point, inputs, its_weights, result, verbs, temporaries,
               {.first = 0, .count = its_point.problem.kv_len, .kept = nullptr}) {}
    /// The same of some of the tokens. What the others left lies in `tokens.kept`, from its beginning.
    Pass(const Point& its_point, const Inputs& inputs, const Weights& its_weights, const Tensor& result, Backend& verbs,
         Workspace& temporaries, const TokensOfPass& tokens)
        : point(its_point),
          problem(its_point.problem),
          in(inputs),
          weights(its_weights),
          out(result),
          backend(verbs),
          workspace(temporaries),
          tokens_(tokens) {}

    /// The variant's own options, as `Variant::own` declares them.
    template <class T>
    T own(const Options<T>& options) const {
        return options.read(point.own);
    }
    /// A temporary of the point's dtype; nothing is allocated in the timed path.
    Tensor take(std::string_view name, std::array<std::int64_t, 5> extent) {
        return workspace.take(name, problem.dtype, extent);
    }
    /// The same for what decoding keeps of every token, in a row for each of the kv_len. Of a point that is `cached`,
    /// it is there again in the next pass: this one writes fresh() and reads all. A variant that never asks for it
    /// cannot run such a point.
    Tensor take_kept(std::string_view name, std::array<std::int64_t, 5> extent) {
        keeps_tokens_ = true;
        return (tokens_.kept == nullptr ? workspace : *tokens_.kept).take(name, problem.dtype, extent);
    }
    /// x_kv of all kv_len tokens, for what looks at earlier tokens as they are. Of a point that is `cached` it is kept,
    /// and the new rows are copied behind the old ones. Once a pass.
    Tensor all_tokens() {
        keeps_tokens_ = true;
        if (tokens_.kept == nullptr) return in.x_kv;
        const Tensor all = take_kept("tokens", {problem.batch, 1, 1, problem.kv_len, in.x_kv.cols()});
        backend.copy("tokens", in.x_kv, fresh(all));
        return all;
    }
    /// Rows of the tokens that this pass projects, of a tensor with a row for each of the kv_len: all of them, but for
    /// a point that is `cached`.
    Tensor fresh(const Tensor& t) const { return t.row_range(tokens_.first, tokens_.count); }
    /// Their number, and the place of the first of them among the kv_len.
    std::int64_t fresh_len() const { return tokens_.count; }
    std::int64_t first_fresh() const { return tokens_.first; }
    /// Says that `t` is what decoding would keep of the tokens so far: keys and values.
    Tensor cached(const Tensor& t) {
        cache_bytes_ += t.bytes();
        return t;
    }
    /// Bytes of all that was called cached().
    std::int64_t cache_bytes() const { return cache_bytes_; }
    /// Whether take_kept() was called: the pass can go on from what an earlier one left.
    bool keeps_tokens() const { return keeps_tokens_; }

    const Point& point;
    const Problem& problem;
    const Inputs& in;
    const Weights& weights;
    const Tensor out;
    Backend& backend;
    Workspace& workspace;

private:
    TokensOfPass tokens_;
    std::int64_t cache_bytes_ = 0;
    bool keeps_tokens_ = false;
};

}  // namespace headcount
