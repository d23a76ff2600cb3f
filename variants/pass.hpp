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
struct Inputs {
    Problem problem;
    Tensor x_q, x_kv;
    Tensor q, k, v;
};

class Pass {
public:
    /// All outlive the pass. `result`: layer scope [batch,1,1,q_len,embed_dim]; core scope
    /// [batch,1,1,q_len,num_heads*value_head_dim].
    Pass(const Point& its_point, const Inputs& inputs, const Weights& its_weights, const Tensor& result, Backend& verbs,
         Workspace& temporaries)
        : point(its_point),
          problem(its_point.problem),
          in(inputs),
          weights(its_weights),
          out(result),
          backend(verbs),
          workspace(temporaries) {}

    /// The variant's own options, as `Variant::own` declares them.
    template <class T>
    T own(const Options<T>& options) const {
        return options.read(point.own);
    }
    /// A temporary of the point's dtype; nothing is allocated in the timed path.
    Tensor take(std::string_view name, std::array<std::int64_t, 5> extent) {
        return workspace.take(name, problem.dtype, extent);
    }
    /// Says that `t` is what decoding would keep of the tokens so far: keys and values.
    Tensor cached(const Tensor& t) {
        cache_bytes_ += t.bytes();
        return t;
    }
    /// Bytes of all that was called cached().
    std::int64_t cache_bytes() const { return cache_bytes_; }

    const Point& point;
    const Problem& problem;
    const Inputs& in;
    const Weights& weights;
    const Tensor out;
    Backend& backend;
    Workspace& workspace;

private:
    std::int64_t cache_bytes_ = 0;
};

}  // namespace headcount
