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

/// Which projection: its role, and the weights that it reads.
struct Projection {
    std::string_view role, w, b;
};

/// y = x W^h [+ b^h]
void project_head(Pass& pass, const Projection& to, const Tensor& x, std::int64_t head, const Tensor& y) {
    const std::int64_t width = y.cols();
    Tensor slot;
    project(pass, to.role, x, pass.weights.at(to.w).columns(head * width, width),
            head_columns(pass.weights.find(to.b), head, width, slot), y);
}

/// The queries of head h; in core scope they are given.
Tensor queries(Pass& pass, std::int64_t head) {
    const Problem& p = pass.problem;
    if (p.scope == Scope::core) return pass.in.q.columns(head * p.head_dim, p.head_dim);
    const Tensor q = pass.take("query", {p.batch, 1, 1, p.q_len, p.head_dim});
    project_head(pass, {"query", "wq", "bq"}, pass.in.x_q, head, q);
    return q;
}

/// The keys or values of head h, which decoding keeps; in core scope its columns of what is given.
Tensor kept_head(Pass& pass, const Projection& to, const Tensor& given, std::int64_t head, std::int64_t width) {
    const Problem& p = pass.problem;
    if (p.scope == Scope::core) return pass.cached(given.columns(head * width, width));
    const Tensor kept = pass.cached(pass.take_kept(to.role, {p.batch, 1, 1, p.kv_len, width}));
    project_head(pass, to, pass.in.x_kv, head, pass.fresh(kept));
    return kept;
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const Tensor context = take_context(pass);
    for (std::int64_t n = 0; n < p.num_kv_heads; ++n) {
        const Workspace::Frame shared(pass.workspace);
        const Tensor k = kept_head(pass, {"key", "wk", "bk"}, pass.in.k, n, p.head_dim);
        const Tensor v = kept_head(pass, {"value", "wv", "bv"}, pass.in.v, n, p.value_head_dim);
        for (std::int64_t h = n * p.group(); h < (n + 1) * p.group(); ++h) {
            const Workspace::Frame head(pass.workspace);
            const Tensor q = queries(pass, h);
            const Tensor scores = pass.take("scores", {p.batch, 1, 1, p.q_len, p.kv_len});
            attend_unfused(pass, p.mask(), q, k, v, scores, context.columns(h * p.value_head_dim, p.value_head_dim));
        }
    }
    project_output(pass, context);
}

/// One small product a head for queries, keys and values, in the order in which forward() makes them.
void projections(Pass& pass) {
    const Problem& p = pass.problem;
    const std::int64_t width = p.value_head_dim;
    const ProjectedAlone to = results_of_projections(pass);
    for (std::int64_t n = 0; n < p.num_kv_heads; ++n) {
        project_head(pass, {"key", "wk", "bk"}, pass.in.x_kv, n, to.qkv.k.columns(n * p.head_dim, p.head_dim));
        project_head(pass, {"value", "wv", "bv"}, pass.in.x_kv, n, to.qkv.v.columns(n * width, width));
        for (std::int64_t h = n * p.group(); h < (n + 1) * p.group(); ++h)
            project_head(pass, {"query", "wq", "bq"}, pass.in.x_q, h, to.qkv.q.columns(h * p.head_dim, p.head_dim));
    }
    project_output_to(pass, pass.in.context, to.output);
}

}  // namespace

Variant multi_head_looped() {
    return {.summary = "num_heads small layers in a row, one head's scores at a time",
            .source = "Vaswani et al. 2017, section 3.2.2, read literally",
            .equation =
                "head_h = softmax(x W_Q^h (x W_K^h)^T / sqrt(head_dim)) x W_V^h\n"
                "out = concat(head_1, ..., head_H) W_O",
            .definition = judge::attention(),
            .forward = forward,
            .projections = projections};
}

}  // namespace headcount::variants
