#include "harness/analysis/models/parity.hpp"

#include "harness/analysis/models/products.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"

namespace headcount {

StackCosts costs_of(const Point& point, const Count& count, const Stack& stack) {
    const Problem& p = point.problem;
    const Products products = products_of(count);
    const Rational attention = stack.attention_layers;
    const Rational weights = Rational(stack.ffn_layers) * stack.ffn.weights(p.embed_dim);
    return {.parameters = attention * count.parameters + weights,
            .core = attention * products.core,
            .projections = attention * products.projections,
            .feed_forward = weights * p.batch * p.q_len,
            .cache_bytes = attention * count.kv_cache_bytes};
}

Rational quantity_of(const StackCosts& costs, std::string_view name) {
    if (name == "parameters") return costs.parameters;
    if (name == "flops") return costs.flops();
    if (name == "kv_cache_bytes") return costs.cache_bytes;
    throw UsageError(unknown_name("quantity", name, {"parameters", "flops", "kv_cache_bytes"}));
}

std::vector<CostRatio> ratios(const StackCosts& ours, const StackCosts& theirs) {
    return {{"parameters", "", ours.parameters, theirs.parameters},
            {"flops", "FLOP", ours.flops(), theirs.flops()},
            {"core", "multiplies", ours.core, theirs.core},
            {"projections", "multiplies", ours.projections, theirs.projections},
            {"feed_forward", "multiplies", ours.feed_forward, theirs.feed_forward},
            {"kv_cache_bytes", "bytes", ours.cache_bytes, theirs.cache_bytes}};
}

}  // namespace headcount
