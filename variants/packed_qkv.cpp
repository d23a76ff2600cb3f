// Multi-head self-attention with one projection for queries, keys and values together.
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

/// [a | b | c] side by side.
Tensor pack(std::string_view name, const Tensor& a, const Tensor& b, const Tensor& c, Backend& backend,
            Workspace& store) {
    const Tensor packed = store.take(name, a.dtype, {1, 1, 1, a.rows(), a.cols() + b.cols() + c.cols()});
    backend.copy("qkv", a, packed.columns(0, a.cols()));
    backend.copy("qkv", b, packed.columns(a.cols(), b.cols()));
    backend.copy("qkv", c, packed.columns(a.cols() + b.cols(), c.cols()));
    return packed;
}

Weights prepare(const Problem& p, const Weights& w, Backend& backend, Workspace& store) {
    Weights packed;
    packed.set("wqkv", pack("wqkv", w.at("wq"), w.at("wk"), w.at("wv"), backend, store));
    packed.set("wo", w.at("wo"));
    if (p.bias) {
        packed.set("bqkv", pack("bqkv", w.at("bq"), w.at("bk"), w.at("bv"), backend, store));
        packed.set("bo", w.at("bo"));
    }
    return packed;
}

// [Q | K | V] = x W_QKV;  out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim)) V_h ) W_O
void forward(const Inputs& in, const Weights& weights, Tensor out, Backend& backend, Workspace& ws) {
    const Workspace::Frame frame(ws);
    const Problem& p = in.problem;
    const std::int64_t width = p.query_width() + p.key_width() + p.value_width();
    const Tensor qkv = ws.take("qkv", p.dtype, {p.batch, 1, 1, p.q_len, width});
    project("qkv", in.x_q, weights.at("wqkv"), weights.find("bqkv"), qkv, backend);
    const Tensor q = qkv.columns(0, p.query_width());
    const Tensor k = qkv.columns(p.query_width(), p.key_width());
    const Tensor v = qkv.columns(p.query_width() + p.key_width(), p.value_width());
    const Tensor scores = ws.take("scores", p.dtype, {p.batch, p.num_kv_heads, p.group(), p.q_len, p.kv_len});
    const Tensor context = take_context(p, out, ws);
    attend_unfused(p, query_heads(q, p), key_heads(k, p), key_heads(v, p), scores, query_heads(context, p), backend);
    project_output(p, context, weights, out, backend);
}

std::string unsupported(const Problem& p) {
    if (p.scope == Scope::core) return "packed_qkv differs only in its projections, and core scope has none";
    if (p.q_len != p.kv_len) return "packed_qkv projects one sequence to Q, K and V; set kv_len equal to q_len";
    return "";
}

}  // namespace

Variant packed_qkv() {
    return {.summary = "one projection embed_dim x 3 embed_dim for Q, K and V",
            .source = "the usual fused projection of framework code",
            .definition = judge::attention(),
            .unsupported = unsupported,
            .prepare = prepare,
            .forward = forward};
}

}  // namespace headcount::variants
