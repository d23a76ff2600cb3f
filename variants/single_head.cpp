// Attention without heads: the 512 x 512 side of the claim.
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const auto [q, k, v] = project_qkv(pass);
    const Tensor scores = pass.take("scores", {p.batch, 1, 1, p.q_len, p.kv_len});
    const Tensor context = take_context(pass);
    attend_unfused(pass, p.mask(), q, k, v, scores, context);
    project_output(pass, context);
}

}  // namespace

Variant single_head() {
    return {.summary = "one head over the whole width",
            .source = "Vaswani et al. 2017, equation 1",
            .equation = "out = softmax(Q K^T / sqrt(head_dim)) V W_O",
            .definition = judge::attention(),
            .unsupported = [](const Point& point) -> std::string {
                if (point.problem.num_heads != 1)
                    return "single_head has one head; set num_heads to 1 or use multi_head";
                return "";
            },
            .forward = forward};
}

}  // namespace headcount::variants
