// Multi-head attention with a fused core: online softmax over blocks of keys, no score matrix.
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

// out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim)) V_h ) W_O, the core in one pass
void forward(const Inputs& in, const Weights& weights, Tensor out, Backend& backend, Workspace& ws) {
    const Workspace::Frame frame(ws);
    const Problem& p = in.problem;
    const auto [q, k, v] = project_qkv(in, weights, backend, ws);
    const Tensor context = take_context(p, out, ws);
    backend.attend("core", p.scale(), p.mask(), query_heads(q, p), key_heads(k, p), key_heads(v, p),
                   query_heads(context, p), ws);
    project_output(p, context, weights, out, backend);
}

}  // namespace

Variant streaming() {
    return {.summary = "fused core with online softmax; memory linear in the length",
            .source = "Milakov and Gimelshein 2018; Dao et al. 2022, algorithm 1",
            .definition = judge::attention(),
            .unsupported = runs_everything,
            .prepare = nullptr,
            .forward = forward,
            .stores_scores = false};
}

}  // namespace headcount::variants
