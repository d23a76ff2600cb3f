// The steps of attention that several variants share, in the equation's words.
#pragma once

#include <string_view>

#include "variants/variant.hpp"

namespace headcount {

/// Queries, keys and values, heads side by side in the columns.
struct Qkv {
    Tensor q, k, v;
};

/// y = x @ w [+ b]
inline void project(Pass& pass, std::string_view role, const Tensor& x, const Tensor& w, const Tensor* bias,
                    const Tensor& y) {
    MatmulOptions options;
    options.bias = bias;
    pass.backend.matmul(role, x, w, y, options);
}

// `heads` is the pass's problem, or in layer scope one with other heads than it names: as many and as wide as a
// mechanism has, with canonical_weights(heads).

/// Q = x_q W_Q, K = x_kv W_K, V = x_kv W_V into tensors that are there.
inline void project_to(Pass& pass, const Qkv& to) {
    const Weights& w = pass.weights;
    project(pass, "query", pass.in.x_q, w.at("wq"), w.find("bq"), to.q);
    project(pass, "key", pass.in.x_kv, w.at("wk"), w.find("bk"), to.k);
    project(pass, "value", pass.in.x_kv, w.at("wv"), w.find("bv"), to.v);
}

/// Q = x_q W_Q, K = x_kv W_K, V = x_kv W_V; in core scope they are given. Nothing is kept of the keys and values: what
/// decoding keeps in their place is the caller's to say.
inline Qkv project_uncached(Pass& pass) {
    const Problem& p = pass.problem;
    if (p.scope == Scope::core) return {.q = pass.in.q, .k = pass.in.k, .v = pass.in.v};
    const Qkv qkv{.q = pass.take("query", {p.batch, 1, 1, p.q_len, p.query_width()}),
                  .k = pass.take("key", {p.batch, 1, 1, pass.fresh_len(), p.key_width()}),
                  .v = pass.take("value", {p.batch, 1, 1, pass.fresh_len(), p.value_width()})};
    project_to(pass, qkv);
    return qkv;
}

/// The same where the keys and values of all tokens are kept, and those that are new are projected. How many of them
/// decoding needs is the caller's to say.
inline Qkv project_kept(Pass& pass, const Problem& heads) {
    const Problem& p = heads;
    if (p.scope == Scope::core) return {.q = pass.in.q, .k = pass.in.k, .v = pass.in.v};
    const Qkv qkv{.q = pass.take("query", {p.batch, 1, 1, p.q_len, p.query_width()}),
                  .k = pass.take_kept("key", {p.batch, 1, 1, p.kv_len, p.key_width()}),
                  .v = pass.take_kept("value", {p.batch, 1, 1, p.kv_len, p.value_width()})};
    project_to(pass, {.q = qkv.q, .k = pass.fresh(qkv.k), .v = pass.fresh(qkv.v)});
    return qkv;
}

/// The same where decoding needs all of them.
inline Qkv project_qkv(Pass& pass, const Problem& heads) {
    const Qkv qkv = project_kept(pass, heads);
    pass.cached(qkv.k);
    pass.cached(qkv.v);
    return qkv;
}
inline Qkv project_qkv(Pass& pass) { return project_qkv(pass, pass.problem); }

inline void project_output_to(Pass& pass, const Tensor& context, const Tensor& to) {
    project(pass, "output", context, pass.weights.at("wo"), pass.weights.find("bo"), to);
}

/// In projections scope: windows of the result where Q, K, V and the output go.
struct ProjectedAlone {
    Qkv qkv;
    Tensor output;
};
inline ProjectedAlone results_of_projections(const Pass& pass) {
    const Problem& p = pass.problem;
    const std::int64_t q = p.query_width(), k = p.key_width(), v = p.value_width();
    return {.qkv = {.q = pass.out.columns(0, q), .k = pass.out.columns(q, k), .v = pass.out.columns(q + k, v)},
            .output = pass.out.columns(q + k + v, p.embed_dim)};
}

/// The four projections alone, each one product.
inline void project_alone(Pass& pass) {
    const ProjectedAlone to = results_of_projections(pass);
    project_to(pass, to.qkv);
    project_output_to(pass, pass.in.context, to.output);
}

/// Scores of all heads.
inline Tensor take_scores(Pass& pass) {
    const Problem& p = pass.problem;
    return pass.take("scores", {p.batch, p.num_kv_heads, p.group(), p.q_len, p.kv_len});
}

/// Where the concatenated heads go: into a temporary before the output projection, or straight to the result.
inline Tensor take_context(Pass& pass, const Problem& heads) {
    if (heads.scope == Scope::core) return pass.out;
    return pass.take("context", {heads.batch, 1, 1, heads.q_len, heads.context_width()});
}
inline Tensor take_context(Pass& pass) { return take_context(pass, pass.problem); }

/// out = context W_O; in core scope the context is the result.
inline void project_output(Pass& pass, const Tensor& context) {
    if (pass.problem.scope == Scope::core) return;
    project_output_to(pass, context, pass.out);
}

/// context = softmax(scale Q K^T) V for every head; `scores` is overwritten.
inline void attend_unfused(Pass& pass, double scale, const Mask& mask, const Tensor& q, const Tensor& k,
                           const Tensor& v, const Tensor& scores, const Tensor& context) {
    pass.backend.matmul("scores", q, k.transposed(), scores,
                        {.scale = scale, .bias = nullptr, .mask = mask, .masked = Masked::output});
    pass.backend.softmax_rows("weights", mask, scores);
    pass.backend.matmul("context", scores, v, context,
                        {.scale = {}, .bias = nullptr, .mask = mask, .masked = Masked::left});
}

/// The same with the usual scale, 1 / sqrt(head_dim).
inline void attend_unfused(Pass& pass, const Mask& mask, const Tensor& q, const Tensor& k, const Tensor& v,
                           const Tensor& scores, const Tensor& context) {
    attend_unfused(pass, pass.problem.scale(), mask, q, k, v, scores, context);
}

/// The windows of single heads: queries (and context) in groups that share one key-value head.
inline Tensor query_heads(const Tensor& x, const Problem& p) { return split_heads(x, p.num_kv_heads, p.group()); }
inline Tensor key_heads(const Tensor& x, const Problem& p) { return split_heads(x, p.num_kv_heads, 1); }

/// out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim)) V_h ) W_O from what is projected, the core in one pass
inline void attend_fused(Pass& pass, const Problem& heads, const Mask& mask, const Qkv& qkv) {
    const Tensor context = take_context(pass, heads);
    pass.backend.attend("core", heads.scale(), mask, query_heads(qkv.q, heads), key_heads(qkv.k, heads),
                        key_heads(qkv.v, heads), query_heads(context, heads), pass.workspace);
    project_output(pass, context);
}

inline void forward_fused(Pass& pass, const Problem& heads, const Mask& mask) {
    const Workspace::Frame frame(pass.workspace);
    attend_fused(pass, heads, mask, project_qkv(pass, heads));
}
inline void forward_fused(Pass& pass, const Mask& mask) { forward_fused(pass, pass.problem, mask); }

}  // namespace headcount
