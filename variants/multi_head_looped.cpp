// Multi-head attention as the formula is written: one small layer after another, one head's scores at a time.
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

/// Columns of head `index`, each `width` wide; null stays null.
const Tensor* head_columns(const Tensor* bias, std::int64_t index, std::int64_t width, Tensor& slot) {
    if (bias == nullptr) return nullptr;
    slot = bias->columns(index * width, width);
    return &slot;
}

/// y = x W^h [+ b^h], or in core scope the given columns of head h.
Tensor project_head(std::string_view role, std::string_view name, const Problem& p, const Tensor& x,
                    const Tensor& given, const Weights& weights, std::string_view w, std::string_view b,
                    std::int64_t head, std::int64_t width, Backend& backend, Workspace& ws) {
    if (p.scope == Scope::core) return given.columns(head * width, width);
    const Tensor y = ws.take(name, p.dtype, {p.batch, 1, 1, x.rows(), width});
    Tensor slot;
    project(role, x, weights.at(w).columns(head * width, width), head_columns(weights.find(b), head, width, slot), y,
            backend);
    return y;
}

// head_h = softmax(x W_Q^h (x W_K^h)^T / sqrt(head_dim)) x W_V^h;  out = concat(head_1, ..., head_H) W_O
void forward(const Inputs& in, const Weights& weights, Tensor out, Backend& backend, Workspace& ws) {
    const Workspace::Frame frame(ws);
    const Problem& p = in.problem;
    const Tensor context = take_context(p, out, ws);
    for (std::int64_t n = 0; n < p.num_kv_heads; ++n) {
        const Workspace::Frame shared(ws);
        const Tensor k = project_head("key", "key", p, in.x_kv, in.k, weights, "wk", "bk", n, p.head_dim, backend, ws);
        const Tensor v =
            project_head("value", "value", p, in.x_kv, in.v, weights, "wv", "bv", n, p.value_head_dim, backend, ws);
        for (std::int64_t h = n * p.group(); h < (n + 1) * p.group(); ++h) {
            const Workspace::Frame head(ws);
            const Tensor q =
                project_head("query", "query", p, in.x_q, in.q, weights, "wq", "bq", h, p.head_dim, backend, ws);
            const Tensor scores = ws.take("scores", p.dtype, {p.batch, 1, 1, p.q_len, p.kv_len});
            attend_unfused(p, q, k, v, scores, context.columns(h * p.value_head_dim, p.value_head_dim), backend);
        }
    }
    project_output(p, context, weights, out, backend);
}

}  // namespace

Variant multi_head_looped() {
    return {.summary = "num_heads small layers in a row, one head's scores at a time",
            .source = "Vaswani et al. 2017, section 3.2.2, read literally",
            .definition = judge::attention(),
            .unsupported = runs_everything,
            .prepare = nullptr,
            .forward = forward};
}

}  // namespace headcount::variants
