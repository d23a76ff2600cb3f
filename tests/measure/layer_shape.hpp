// Layers of some shape, whose heads several tests of mechanisms share out in their own ways.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "harness/core/problem.hpp"

namespace headcount::testing {

/// Options of a variant, by name and text.
using OwnTexts = std::vector<std::pair<std::string, std::string>>;

struct LayerShape {
    std::int64_t q_len = 12, kv_len = 12, embed_dim = 24, num_heads = 4, num_kv_heads = 4;
    bool causal = true, bias = true;
    std::int64_t head_dim = 0;  ///< 0: embed_dim / num_heads
    std::int64_t batch = 2;
};

inline Problem layer_problem(const LayerShape& shape, Scope scope = Scope::layer) {
    ProblemSpec spec;
    spec.batch = shape.batch;
    spec.q_len = shape.q_len;
    spec.kv_len = shape.kv_len;
    spec.embed_dim = shape.embed_dim;
    spec.num_heads = shape.num_heads;
    spec.num_kv_heads = shape.num_kv_heads;
    if (shape.head_dim > 0) spec.head_dim = shape.head_dim;
    spec.causal = shape.causal;
    spec.bias = shape.bias;
    spec.scope = scope;
    return resolve(spec);
}

}  // namespace headcount::testing
