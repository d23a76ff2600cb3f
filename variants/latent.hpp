// Attention over a latent of keys and values, in both of its forms: what latent and grouped_latent share.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "variants/shared_states.hpp"

namespace headcount {

/// Options of both; `latent_groups` is one of grouped_latent alone.
struct Latent {
    std::int64_t kv_rank = 64, q_rank = 0, rope_dim = 16, latent_groups = 1;
    std::string form = "materialised";

    bool is_absorbed() const { return form == "absorbed"; }
    /// Columns of the latent that one group reads.
    std::int64_t rank_of_group() const { return kv_rank / latent_groups; }
};

namespace latent {

inline constexpr std::int64_t kWidest = std::int64_t{1} << 20;
inline Options<Latent>::Option kv_rank() {
    return {"kv_rank", &Latent::kv_rank, 1, kWidest, "width of the latent of keys and values"};
}
inline Options<Latent>::Option q_rank() {
    return {"q_rank", &Latent::q_rank, 0, kWidest, "width of the latent of queries; 0: none"};
}
inline Options<Latent>::Option rope_dim() {
    return {"rope_dim", &Latent::rope_dim, 0, kWidest,
            "columns of a key beside head_dim that tell its position; 0: none"};
}
inline Options<Latent>::Option form() {
    return {"form",
            &Latent::form,
            {"materialised", "absorbed"},
            "make keys and values of the latent (prefill), or attend to the latent itself (decoding)"};
}

/// Weights of the paper's equations 9 to 17. W^UQ and W^QR stand side by side, rotary columns first in each head, so
/// that one product makes queries; a group's head has as many rows of W^UK and W^UV as its part of the latent. Biases
/// stand where a token is projected, and not behind the latent, where absorbing has no place for them.
inline std::vector<WeightShape> weights_of(const Problem& p, const Latent& chosen) {
    const std::int64_t rank = chosen.rank_of_group();
    const std::int64_t queries = p.num_heads * (chosen.rope_dim + p.head_dim);
    std::vector<WeightShape> shapes;
    const auto from_tokens = [&](const char* w, const char* b, std::int64_t rows, std::int64_t cols) {
        shapes.push_back({w, rows, cols});
        if (p.bias) shapes.push_back({.name = b, .rows = 1, .cols = cols, .is_bias = true});
    };
    if (chosen.q_rank == 0) {
        from_tokens("wq", "bq", p.embed_dim, queries);
    } else {
        from_tokens("wdq", "bdq", p.embed_dim, chosen.q_rank);
        shapes.push_back({"wuq", chosen.q_rank, queries});
    }
    from_tokens("wdkv", "bdkv", p.embed_dim, chosen.kv_rank);
    if (chosen.rope_dim > 0) from_tokens("wkr", "bkr", p.embed_dim, chosen.rope_dim);
    shapes.push_back({"wuk", rank, p.num_heads * p.head_dim});
    shapes.push_back({"wuv", rank, p.context_width()});
    from_tokens("wo", "bo", p.context_width(), p.embed_dim);
    return shapes;
}

inline std::string why_unsupported(const std::string& name, const Problem& p, const Latent& chosen) {
    using std::to_string;
    if (p.scope == Scope::core) {
        return name + " differs in how keys and values are made, and in core scope they are given; set scope to layer";
    }
    if (p.num_kv_heads != p.num_heads) {
        return name + " makes keys and values of every head from the latent; set num_kv_heads to num_heads, " +
               to_string(p.num_heads);
    }
    if (chosen.rope_dim % 2 != 0) {
        return "columns are rotated in pairs; set rope_dim to an even number instead of " + to_string(chosen.rope_dim);
    }
    for (const std::int64_t divided : {p.num_heads, chosen.kv_rank}) {
        if (divided % chosen.latent_groups != 0) {
            return name + " gives each group of heads a part of the latent; latent_groups " +
                   to_string(chosen.latent_groups) + " has to divide num_heads " + to_string(p.num_heads) +
                   " and kv_rank " + to_string(chosen.kv_rank);
        }
    }
    // No product or sum of counts is larger than this.
    const auto f = [](std::int64_t n) { return static_cast<long double>(n); };
    const long double width =
        f(p.num_heads) * (f(p.head_dim) + f(p.value_head_dim) + f(chosen.rope_dim) + f(chosen.kv_rank)) +
        f(chosen.q_rank) + f(p.embed_dim);
    const long double pairs = f(p.batch) * f(p.q_len) * f(p.kv_len);
    if (8 * f(p.batch) * (f(p.q_len) + f(p.kv_len)) * width * width + 32 * pairs * width > 9.0e18L) {
        return "the counts of this problem do not fit into 63 bits; choose smaller sizes";
    }
    return "";
}

/// context = softmax(Q K^T / sqrt(head_dim + rope_dim)) V for every head; absorbed keys are wider, and the scale is
/// that of the keys that they stand for.
inline void attend(Pass& pass, const Latent& chosen, const Tensor& q, const Tensor& k, const Tensor& v,
                   const Tensor& context) {
    const double scale = 1 / std::sqrt(static_cast<double>(pass.problem.head_dim + chosen.rope_dim));
    pass.backend.attend("core", scale, pass.problem.mask(), q, k, v, context, pass.workspace);
}

/// [batch, groups, heads, ...] as [batch, groups heads, 1, ...].
inline Tensor heads_apart(Tensor x) {
    x.stride[1] = x.stride[2];
    x.extent[1] *= x.extent[2];
    x.extent[2] = 1;
    return x;
}

/// Keys and values of every head: K_h = [K^R, C W^UK_h], V_h = C W^UV_h. The rotary key is copied to every head, as
/// wide a key as a product wants.
inline void materialised(Pass& pass, const Latent& chosen, const Tensor& q, const Tensor& context) {
    const Problem& p = pass.problem;
    const std::int64_t groups = chosen.latent_groups, heads = p.num_heads / groups, rotary = chosen.rope_dim;
    const Tensor kept = shared_states(pass, {"latent", "wdkv", "bdkv"}, 1, rotary);
    const Tensor latents = split_heads(kept.columns(rotary, chosen.kv_rank), groups, 1);
    const Tensor k = pass.take("key", {p.batch, groups, heads, p.kv_len, rotary + p.head_dim});
    pass.backend.matmul("key", latents, split_heads(pass.weights.at("wuk"), groups, heads),
                        k.columns(rotary, p.head_dim));
    for (std::int64_t h = 0; h < p.num_heads && rotary > 0; ++h) {
        pass.backend.copy("rotary_key", kept.columns(0, rotary), k.head(h / heads, h % heads).columns(0, rotary));
    }
    const Tensor v = pass.take("value", {p.batch, 1, 1, p.kv_len, p.value_width()});
    pass.backend.matmul("value", latents, split_heads(pass.weights.at("wuv"), groups, 1), split_heads(v, groups, 1));
    // Each head has keys and values of its own: groups of one.
    attend(pass, chosen, heads_apart(q), heads_apart(k), split_heads(v, p.num_heads, 1),
           split_heads(context, p.num_heads, 1));
}

/// The latent is key and value of its group: Q_h (C W^UK_h)^T = (Q_h W^UK_h^T) C^T, and weights (C W^UV_h) =
/// (weights C) W^UV_h. Both factors are applied to queries and contexts as they come: multiplied into W^Q and W^O they
/// would cost embed_dim kv_rank a head and token instead of (embed_dim + kv_rank) head_dim.
inline void absorbed(Pass& pass, const Latent& chosen, const Tensor& q, const Tensor& context) {
    const Problem& p = pass.problem;
    const std::int64_t groups = chosen.latent_groups, heads = p.num_heads / groups, rotary = chosen.rope_dim;
    const std::int64_t rank = chosen.rank_of_group();
    const Tensor kept = shared_states(pass, {"latent", "wdkv", "bdkv"}, groups, rotary);
    const Tensor latent_q = pass.take("latent_query", {p.batch, groups, heads, p.q_len, rotary + rank});
    if (rotary > 0) pass.backend.copy("query", q.columns(0, rotary), latent_q.columns(0, rotary));
    pass.backend.matmul("key", q.columns(rotary, p.head_dim),
                        split_heads(pass.weights.at("wuk"), groups, heads).transposed(),
                        latent_q.columns(rotary, rank));
    const Tensor gathered = pass.take("latent_context", {p.batch, groups, heads, p.q_len, rank});
    attend(pass, chosen, latent_q, kept, kept.columns(rotary, rank), gathered);
    pass.backend.matmul("value", gathered, split_heads(pass.weights.at("wuv"), groups, heads),
                        split_heads(context, groups, heads));
}

inline void forward(Pass& pass, const Latent& chosen) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    Tensor q;
    if (chosen.q_rank == 0) {
        q = rotary_queries(pass, pass.in.x_q, {"query", "wq", "bq"}, chosen.latent_groups, chosen.rope_dim);
    } else {
        const Tensor compressed = pass.take("compressed_query", {p.batch, 1, 1, p.q_len, chosen.q_rank});
        project(pass, "latent_query", pass.in.x_q, pass.weights.at("wdq"), pass.weights.find("bdq"), compressed);
        q = rotary_queries(pass, compressed, {"query", "wuq", ""}, chosen.latent_groups, chosen.rope_dim);
    }
    const Tensor context = take_context(pass);
    if (chosen.is_absorbed()) {
        absorbed(pass, chosen, q, context);
    } else {
        materialised(pass, chosen, q, context);
    }
    project_output(pass, context);
}

}  // namespace latent
}  // namespace headcount
