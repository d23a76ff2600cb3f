// States of tokens that groups of heads share, beside a rotary key that all heads share: what latent, grouped_latent
// and grouped_tied have in common.
#pragma once

#include <cstdint>
#include <string_view>

#include "harness/backend/verbs/rotate.hpp"
#include "variants/steps.hpp"

namespace headcount {

/// A matrix and its bias by the names of their weights, and the equation's word for the product.
struct Projected {
    std::string_view role, w, b;
};

/// Columns of a bias; null stays null.
inline const Tensor* bias_columns(const Tensor* bias, std::int64_t first, std::int64_t count, Tensor& slot) {
    if (bias == nullptr) return nullptr;
    slot = bias->columns(first, count);
    return &slot;
}

/// Q = x W [+ b] of all heads, of each the first `rotary` columns turned by the position of the query, which is that of
/// the newest key for the last one: [batch, groups, heads of a group, q_len, width].
inline Tensor rotary_queries(Pass& pass, const Tensor& x, const Projected& by, std::int64_t groups,
                             std::int64_t rotary) {
    const Problem& p = pass.problem;
    const Tensor& w = pass.weights.at(by.w);
    const Tensor flat = pass.take("query", {p.batch, 1, 1, p.q_len, w.cols()});
    project(pass, by.role, x, w, pass.weights.find(by.b), flat);
    const Tensor q = split_heads(flat, groups, p.num_heads / groups);
    if (rotary > 0) {
        pass.backend.run(by.role, Rotate{.x = q.columns(0, rotary), .first = p.kv_len - p.q_len});
    }
    return q;
}

/// x_kv W [+ b] cut into `slots`, each with the rotary key in front: [batch, slots, 1, kv_len, rotary + width]. So a
/// slot is a key in one piece, and its last columns are a value. Decoding keeps the states and one rotary key; the
/// other slots have copies of it.
inline Tensor shared_states(Pass& pass, const Projected& by, std::int64_t slots, std::int64_t rotary) {
    const Problem& p = pass.problem;
    const Tensor& w = pass.weights.at(by.w);
    const std::int64_t width = w.cols() / slots;
    const Tensor all =
        split_heads(pass.take_kept("states", {p.batch, 1, 1, p.kv_len, slots * (rotary + width)}), slots, 1);
    for (std::int64_t slot = 0; slot < slots; ++slot) {
        Tensor bias;
        project(pass, by.role, pass.in.x_kv, w.columns(slot * width, width),
                bias_columns(pass.weights.find(by.b), slot * width, width, bias),
                pass.fresh(all.head(slot, 0)).columns(rotary, width));
    }
    pass.cached(all.columns(rotary, width));
    if (rotary == 0) return all;
    const Tensor key = pass.cached(all.head(0, 0).columns(0, rotary));
    const Tensor fresh = pass.fresh(key);
    project(pass, "rotary_key", pass.in.x_kv, pass.weights.at("wkr"), pass.weights.find("bkr"), fresh);
    pass.backend.run("rotary_key", Rotate{.x = fresh, .first = pass.first_fresh()});
    for (std::int64_t slot = 1; slot < slots; ++slot) {
        pass.backend.copy("rotary_key", fresh, pass.fresh(all.head(slot, 0)).columns(0, rotary));
    }
    return all;
}

}  // namespace headcount
