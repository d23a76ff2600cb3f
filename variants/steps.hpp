// The steps of attention that several variants share, in the equation's words.
#pragma once

#include <string>
#include <string_view>

#include "variants/variant.hpp"

namespace headcount {

/// Queries, keys and values, heads side by side in the columns.
struct Qkv {
    Tensor q, k, v;
};

/// y = x @ w [+ b]
inline void project(std::string_view role, const Tensor& x, const Tensor& w, const Tensor* bias, const Tensor& y,
                    Backend& backend) {
    MatmulOptions options;
    options.bias = bias;
    backend.matmul(role, x, w, y, options);
}

/// Q = x_q W_Q, K = x_kv W_K, V = x_kv W_V; in core scope they are given.
inline Qkv project_qkv(const Inputs& in, const Weights& w, Backend& backend, Workspace& ws) {
    const Problem& p = in.problem;
    if (p.scope == Scope::core) return {.q = in.q, .k = in.k, .v = in.v};
    const Qkv qkv{.q = ws.take("query", p.dtype, {p.batch, 1, 1, p.q_len, p.query_width()}),
                  .k = ws.take("key", p.dtype, {p.batch, 1, 1, p.kv_len, p.key_width()}),
                  .v = ws.take("value", p.dtype, {p.batch, 1, 1, p.kv_len, p.value_width()})};
    project("query", in.x_q, w.at("wq"), w.find("bq"), qkv.q, backend);
    project("key", in.x_kv, w.at("wk"), w.find("bk"), qkv.k, backend);
    project("value", in.x_kv, w.at("wv"), w.find("bv"), qkv.v, backend);
    return qkv;
}

/// Where the concatenated heads go: into a temporary before the output projection, or straight to `out`.
inline Tensor take_context(const Problem& p, const Tensor& out, Workspace& ws) {
    if (p.scope == Scope::core) return out;
    return ws.take("context", p.dtype, {p.batch, 1, 1, p.q_len, p.context_width()});
}

/// out = context W_O; in core scope the context is the result.
inline void project_output(const Problem& p, const Tensor& context, const Weights& w, const Tensor& out,
                           Backend& backend) {
    if (p.scope == Scope::layer) project("output", context, w.at("wo"), w.find("bo"), out, backend);
}

/// context = softmax(Q K^T / sqrt(head_dim)) V for every head; `scores` is overwritten.
inline void attend_unfused(const Problem& p, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& scores,
                           const Tensor& context, Backend& backend) {
    backend.matmul("scores", q, k.transposed(), scores,
                   {.scale = p.scale(), .bias = nullptr, .mask = p.mask(), .masked = Masked::output});
    backend.softmax_rows("weights", p.mask(), scores);
    backend.matmul("context", scores, v, context,
                   {.scale = {}, .bias = nullptr, .mask = p.mask(), .masked = Masked::left});
}

/// The windows of single heads: queries (and context) in groups that share one key-value head.
inline Tensor query_heads(const Tensor& x, const Problem& p) { return split_heads(x, p.num_kv_heads, p.group()); }
inline Tensor key_heads(const Tensor& x, const Problem& p) { return split_heads(x, p.num_kv_heads, 1); }

inline std::string runs_everything(const Problem& /*problem*/) { return ""; }

}  // namespace headcount
