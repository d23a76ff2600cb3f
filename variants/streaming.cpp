// Multi-head attention with a fused core: online softmax over blocks of keys, no score matrix.
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

void forward(Pass& pass) { forward_fused(pass, pass.problem.mask()); }

}  // namespace

Variant streaming() {
    return {.summary = "fused core with online softmax; memory linear in the length",
            .source = "Milakov and Gimelshein 2018; Dao et al. 2022, algorithm 1",
            .equation = "out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim)) V_h ) W_O",
            .definition = judge::attention(),
            .forward = forward,
            .stores_scores = false};
}

}  // namespace headcount::variants
