// Attention without heads: the 512 x 512 side of the claim.
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

// out = softmax(Q K^T / sqrt(head_dim)) V W_O
void forward(const Inputs& in, const Weights& weights, Tensor out, Backend& backend, Workspace& ws) {
    const Workspace::Frame frame(ws);
    const Problem& p = in.problem;
    const auto [q, k, v] = project_qkv(in, weights, backend, ws);
    const Tensor scores = ws.take("scores", p.dtype, {p.batch, 1, 1, p.q_len, p.kv_len});
    const Tensor context = take_context(p, out, ws);
    attend_unfused(p, q, k, v, scores, context, backend);
    project_output(p, context, weights, out, backend);
}

}  // namespace

Variant single_head() {
    return {.summary = "one head over the whole width",
            .source = "Vaswani et al. 2017, equation 1",
            .definition = judge::attention(),
            .unsupported = [](const Problem& p) -> std::string {
                if (p.num_heads != 1) return "single_head has one head; set num_heads to 1 or use multi_head";
                return "";
            },
            .prepare = nullptr,
            .forward = forward};
}

}  // namespace headcount::variants
