// Attention by an engine in another process: what is written here is what the problem requires, not what is run.
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

void forward(Pass& pass) { forward_fused(pass, pass.problem.mask()); }

}  // namespace

Variant external() {
    return {.summary = "an implementation in another process; its backend names the engine (headcount list engines)",
            .source = "docs/adding.md, An engine in another process",
            .equation = "out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim)) V_h ) W_O",
            .definition = judge::attention(),
            .forward = forward};
}

}  // namespace headcount::variants
