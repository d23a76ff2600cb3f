// Attention's share of a whole Transformer block, counted.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "harness/measure/point/count.hpp"

namespace headcount {

enum class Activation : std::uint8_t { relu, gelu };

/// Throws UsageError naming relu and gelu.
Activation activation_from(std::string_view name);

/// A post- or pre-norm block (the counts do not depend on which): attention, a feed-forward network
/// embed_dim -> ffn_dim -> embed_dim with biases, two layer norms, two residual additions.
struct TransformerBlock {
    Count attention;
    std::vector<OpPart> rest;  ///< roles ffn_up, activation, ffn_down, norm_1, norm_2, residual_1, residual_2
    std::int64_t parameters = 0;

    OpCost total(Ledger ledger) const;
    /// Attention's part of the block's flops(): multiplies and adds.
    double attention_share(Ledger ledger) const;
    /// Attention's part of the multiplies of matrix products.
    double attention_share_of_products(Ledger ledger) const;
};

/// `attention` is a point in layer scope. Throws UsageError otherwise, and as count_point().
TransformerBlock count_transformer_block(const Point& attention, std::int64_t ffn_dim, Activation activation);

}  // namespace headcount
