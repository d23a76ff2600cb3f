// Grouped-query attention: num_kv_heads heads of keys and values, each shared by a group of query heads.
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

// Groups of one are multi-head attention, a single group is multi-query attention.
void forward(Pass& pass) { forward_fused(pass, pass.problem.mask()); }

}  // namespace

Variant grouped_query() {
    return {
        .summary = "a head of keys and values for each group of query heads (num_kv_heads), fused core",
        .source = "Ainslie et al. 2023, section 2.2",
        .equation =
            "out = concat_h( softmax(Q_h K_g^T / sqrt(head_dim)) V_g ) W_O, g = floor(h / (num_heads / num_kv_heads))",
        .definition = judge::attention(),
        .forward = forward,
        .stores_scores = false};
}

}  // namespace headcount::variants
