// The costs of a stack of layers, side by side: what equality in one of them costs in the others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/exact/rational.hpp"
#include "harness/core/count.hpp"
#include "harness/core/point.hpp"
#include "harness/core/whole_model.hpp"

namespace headcount {

/// As many layers of attention as of feed-forward networks in a Transformer; an encoder-decoder has three to two.
struct Stack {
    std::int64_t attention_layers = 1;
    std::int64_t ffn_layers = 0;
    FeedForward ffn;
};

/// Multiplies are those of matrix products.
struct StackCosts {
    Rational parameters, core, projections, feed_forward, cache_bytes;

    Rational flops() const { return 2 * (core + projections + feed_forward); }  ///< 2 for a multiply with its add
};

StackCosts costs_of(const Point& point, const Count& count, const Stack& stack);

/// "parameters", "flops" or "kv_cache_bytes". Throws UsageError naming these.
Rational quantity_of(const StackCosts& costs, std::string_view name);

struct CostRatio {
    std::string quantity, unit;
    Rational ours, theirs;
};
/// Every cost of one beside that of the other.
std::vector<CostRatio> ratios(const StackCosts& ours, const StackCosts& theirs);

}  // namespace headcount
