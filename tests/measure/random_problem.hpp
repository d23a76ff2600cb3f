// Problems of any shape, drawn from a seed.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <utility>

#include "harness/core/field_table.hpp"
#include "harness/core/problem.hpp"

namespace headcount::testing {

/// Lengths up to `longest`; grouped heads, own head widths, masks, biases and every scope among them. f32, and with
/// `any_type` one in four f64 and one in four bf16.
inline Problem random_problem(std::mt19937_64& random, int longest, bool any_type = false) {
    const auto pick = [&](int n) { return static_cast<std::int64_t>(1 + random() % static_cast<unsigned>(n)); };
    ProblemSpec spec;
    spec.batch = pick(3);
    spec.q_len = pick(longest);
    spec.kv_len = pick(2) == 1 ? *spec.q_len : pick(longest);
    spec.num_kv_heads = pick(3);
    spec.num_heads = *spec.num_kv_heads * pick(3);
    spec.embed_dim = pick(2) == 1 ? *spec.num_heads * pick(9) : pick(40);
    if (*spec.embed_dim % *spec.num_heads != 0 || pick(2) == 1) spec.head_dim = pick(11);
    if (pick(3) == 1) spec.value_head_dim = pick(11);
    spec.causal = pick(2) == 1;
    spec.bias = pick(2) == 1;
    if (any_type) spec.dtype = std::array{DType::f64, DType::bf16, DType::f32, DType::f32}[random() % 4];
    spec.scope = pick(3) == 1 ? Scope::core : Scope::layer;
    if (spec.q_len == spec.kv_len && pick(4) == 1) spec.scope = Scope::projections;
    return resolve(spec);
}

/// The same, of which no less than a core is run.
inline Problem with_core(Problem p) {
    if (p.scope == Scope::projections) p.scope = Scope::layer;
    return p;
}

/// The same layer behind a cache; what has no layer or fewer keys than queries gets one, and more.
inline Problem behind_cache(Problem p) {
    p.scope = Scope::layer;
    if (p.q_len > p.kv_len) std::swap(p.q_len, p.kv_len);
    p.cached = true;
    return p;
}

}  // namespace headcount::testing
