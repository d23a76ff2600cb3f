// Attention by an engine in another process: what is written here is what the problem requires, not what is run.
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

// out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim)) V_h ) W_O, counted for the required ledger
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

Variant external() {
    return {.summary = "an implementation in another process; its backend names the engine (headcount list engines)",
            .source = "docs/adding.md, An engine in another process",
            .definition = judge::attention(),
            .unsupported = runs_everything,
            .prepare = nullptr,
            .forward = forward};
}

}  // namespace headcount::variants
