// Multi-query attention: all query heads share one head of keys and values, which decoding keeps and reads.
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

void forward(Pass& pass) { forward_fused(pass, pass.problem.mask()); }

std::string unsupported(const Point& point) {
    if (point.problem.num_kv_heads == 1) return "";
    return "multi_query has one head of keys and values, not " + std::to_string(point.problem.num_kv_heads) +
           "; set num_kv_heads: 1, or use grouped_query";
}

}  // namespace

Variant multi_query() {
    return {.summary = "one head of keys and values for all query heads, fused core",
            .source = "Shazeer 2019, section 3",
            .equation = "out = concat_h( softmax(Q_h K^T / sqrt(head_dim)) V ) W_O",
            .definition = judge::attention(),
            .unsupported = unsupported,
            .forward = forward,
            .stores_scores = false};
}

}  // namespace headcount::variants
