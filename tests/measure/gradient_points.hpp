// The points whose derivatives are compared with others' that know nothing of tapes.
#pragma once

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "harness/core/engine.hpp"
#include "harness/core/point.hpp"
#include "harness/measure/point/inputs.hpp"
#include "tests/mechanism.hpp"
#include "tests/slow_build.hpp"
#include "variants/all.hpp"

namespace headcount::testing {

struct GradientShape {
    std::int64_t q_len = 6, kv_len = 6, embed_dim = 12, num_heads = 4, num_kv_heads = 4;
    std::int64_t head_dim = 3, value_head_dim = 3;
    bool causal = false, bias = false;
    std::vector<Scope> scopes{Scope::core, Scope::layer};
};

/// Small, because a check by differences runs forward passes by the dozen.
inline const std::vector<GradientShape>& gradient_shapes() {
    static const std::vector<GradientShape> shapes{
        {},
        {.num_heads = 1, .num_kv_heads = 1, .head_dim = 12, .value_head_dim = 12, .bias = true},
        {.num_heads = 1, .num_kv_heads = 1, .head_dim = 12, .value_head_dim = 12, .causal = true, .bias = true},
        {.num_kv_heads = 2, .causal = true, .bias = true},
        {.q_len = 5, .kv_len = 9, .num_kv_heads = 1, .causal = true, .bias = true},
        // Queries that see no key.
        {.q_len = 9, .kv_len = 5, .num_heads = 1, .num_kv_heads = 1, .head_dim = 12, .causal = true, .bias = true},
        {.q_len = 7, .kv_len = 4, .num_kv_heads = 2, .head_dim = 5, .value_head_dim = 2, .bias = true},
        {.embed_dim = 8, .value_head_dim = 5, .causal = true, .bias = true},
        {.embed_dim = 10, .num_kv_heads = 2},                              // does not divide into heads
        {.num_kv_heads = 2, .head_dim = 4, .causal = true, .bias = true},  // heads that can be cut in two
        // The projections alone, as wide as each other or not.
        {.bias = true, .scopes = {Scope::projections}},
        {.num_kv_heads = 2, .head_dim = 5, .value_head_dim = 2, .scopes = {Scope::projections}},
        // Three blocks of keys: the forward pass of a fused core has rising maxima to rescale by.
        {.q_len = 4, .kv_len = 150, .embed_dim = 4, .num_heads = 2, .num_kv_heads = 1, .causal = true},
        // Two blocks of rows in the derivative of a fused core, with heads that share keys, and rows that see none.
        {.q_len = 280,
         .kv_len = 260,
         .embed_dim = 4,
         .num_heads = 2,
         .num_kv_heads = 1,
         .head_dim = 2,
         .value_head_dim = 2,
         .causal = true,
         .scopes = {Scope::core}}};
    return shapes;
}

inline Problem gradient_problem(const GradientShape& shape, Scope scope, DType dtype) {
    ProblemSpec spec;
    spec.batch = 2;
    spec.q_len = shape.q_len;
    spec.kv_len = shape.kv_len;
    spec.embed_dim = shape.embed_dim;
    spec.num_heads = shape.num_heads;
    spec.num_kv_heads = shape.num_kv_heads;
    spec.head_dim = shape.head_dim;
    spec.value_head_dim = shape.value_head_dim;
    spec.causal = shape.causal;
    spec.bias = shape.bias;
    spec.dtype = dtype;
    spec.scope = scope;
    spec.pass = PassKind::backward;
    return resolve(spec);
}

/// f(point) for every variant and shape that `backend` runs.
template <class F>
void for_each_gradient_point(const std::string& backend, DType dtype, const F& f) {
    std::mt19937_64 random(41);
    for (const auto& variant : all_variants()) {
        Thinned cases(5);  // odd: most shapes have two scopes
        for (const GradientShape& shape : gradient_shapes()) {
            for (const Scope scope : shape.scopes) {
                const Point plain{
                    .variant = variant.name, .backend = backend, .problem = gradient_problem(shape, scope, dtype)};
                for (const Point& point : with_random_options(plain, variant.value, random, 1)) {
                    if (why_unsupported(point).empty() && cases.takes_next()) f(point);
                }
            }
        }
    }
}

/// All variants but `external`, whose engines have forward passes only: each must be among the points above.
inline std::set<std::string> differentiable_variants() {
    std::set<std::string> names;
    for (const auto& variant : all_variants()) {
        if (variant.name != kExternal) names.insert(variant.name);
    }
    return names;
}

}  // namespace headcount::testing
