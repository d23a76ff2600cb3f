// Multi-head attention with explicit transposes to [batch, head, len, width] and back, as most frameworks do it.
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

/// The heads of x, each in one piece of memory.
Tensor gather(std::string_view role, std::string_view name, const Tensor& heads, Backend& backend, Workspace& ws) {
    const Tensor gathered = ws.take(name, heads.dtype, heads.extent);
    backend.copy(role, heads, gathered);
    return gathered;
}

// out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim)) V_h ) W_O
void forward(const Inputs& in, const Weights& weights, Tensor out, Backend& backend, Workspace& ws) {
    const Workspace::Frame frame(ws);
    const Problem& p = in.problem;
    const auto [q, k, v] = project_qkv(in, weights, backend, ws);
    const Tensor q_heads = gather("query", "query_heads", query_heads(q, p), backend, ws);
    const Tensor k_heads = gather("key", "key_heads", key_heads(k, p), backend, ws);
    const Tensor v_heads = gather("value", "value_heads", key_heads(v, p), backend, ws);
    const Tensor scores = ws.take("scores", p.dtype, {p.batch, p.num_kv_heads, p.group(), p.q_len, p.kv_len});
    const Tensor context = take_context(p, out, ws);
    const Tensor split = query_heads(context, p);
    const Tensor context_heads = ws.take("context_heads", p.dtype, split.extent);
    attend_unfused(p, q_heads, k_heads, v_heads, scores, context_heads, backend);
    backend.copy("context", context_heads, split);
    project_output(p, context, weights, out, backend);
}

}  // namespace

Variant multi_head_split() {
    return {.summary = "heads copied to [batch, head, len, width] and back",
            .source = "the usual reshape-transpose-contiguous of framework code",
            .definition = judge::attention(),
            .unsupported = runs_everything,
            .prepare = nullptr,
            .forward = forward};
}

}  // namespace headcount::variants
