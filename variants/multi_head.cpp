// Multi-head attention over strided windows: splitting and joining heads copies nothing.
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const auto [q, k, v] = project_qkv(pass);
    const Tensor scores = take_scores(pass);
    const Tensor context = take_context(pass);
    attend_unfused(pass, p.mask(), query_heads(q, p), key_heads(k, p), key_heads(v, p), scores,
                   query_heads(context, p));
    project_output(pass, context);
}

}  // namespace

Variant multi_head() {
    return {.summary = "all heads at once over strided windows, no copies",
            .source = "Vaswani et al. 2017, section 3.2.2",
            .equation = "out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim)) V_h ) W_O",
            .definition = judge::attention(),
            .forward = forward,
            .projections = project_alone};
}

}  // namespace headcount::variants
