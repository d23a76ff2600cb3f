// Multi-head attention with explicit transposes to [batch, head, len, width] and back, as most frameworks do it.
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

/// The heads of x, each in one piece of memory.
Tensor gather(Pass& pass, std::string_view role, std::string_view name, const Tensor& heads) {
    const Tensor gathered = pass.take(name, heads.extent);
    pass.backend.copy(role, heads, gathered);
    return gathered;
}

/// The same for keys or values, which decoding keeps as they are read: `heads` are those of the tokens of this pass.
Tensor gather_kept(Pass& pass, std::string_view role, std::string_view name, const Tensor& heads) {
    std::array<std::int64_t, 5> extent = heads.extent;
    extent[3] = pass.problem.kv_len;
    const Tensor gathered = pass.cached(pass.take_kept(name, extent));
    pass.backend.copy(role, heads, pass.fresh(gathered));
    return gathered;
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const auto [q, k, v] = project_uncached(pass);
    const Tensor q_heads = gather(pass, "query", "query_heads", query_heads(q, p));
    const Tensor k_heads = gather_kept(pass, "key", "key_heads", key_heads(k, p));
    const Tensor v_heads = gather_kept(pass, "value", "value_heads", key_heads(v, p));
    const Tensor scores = take_scores(pass);
    const Tensor context = take_context(pass);
    const Tensor split = query_heads(context, p);
    const Tensor context_heads = pass.take("context_heads", split.extent);
    attend_unfused(pass, p.mask(), q_heads, k_heads, v_heads, scores, context_heads);
    pass.backend.copy("context", context_heads, split);
    project_output(pass, context);
}

}  // namespace

Variant multi_head_split() {
    return {.summary = "heads copied to [batch, head, len, width] and back",
            .source = "the usual reshape-transpose-contiguous of framework code",
            .equation = "out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim)) V_h ) W_O",
            .definition = judge::attention(),
            .forward = forward};
}

}  // namespace headcount::variants
