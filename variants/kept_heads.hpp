// Layers of attention with some of their heads cut out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "harness/backend/backend.hpp"
#include "variants/weights.hpp"

namespace headcount {

/// Of each layer the heads that are kept, in ascending order.
using KeptHeads = std::vector<std::vector<std::int64_t>>;

inline KeptHeads all_heads(std::int64_t layers, std::int64_t num_heads) {
    std::vector<std::int64_t> heads(static_cast<std::size_t>(num_heads));
    std::iota(heads.begin(), heads.end(), 0);
    return KeptHeads(static_cast<std::size_t>(layers), heads);
}

/// Fills `to`, canonical weights of as many heads as are kept, with the columns of W_Q, W_K and W_V and the rows of W_O
/// that belong to these; the bias of the output stays. It computes what zeroed outputs of the others would give.
/// Each head has keys of its own, and head_dim columns of queries, of keys and of values.
inline void cut_heads(const Weights& whole, const Weights& to, std::span<const std::int64_t> kept,
                      std::int64_t head_dim, Backend& backend) {
    for (const auto& [name, part] : to.all()) {
        const Tensor& all = whole.at(name);
        if (name == "bo") {
            backend.copy("weights", all, part);
            continue;
        }
        for (std::size_t i = 0; i < kept.size(); ++i) {
            const std::int64_t from = kept[i] * head_dim, into = static_cast<std::int64_t>(i) * head_dim;
            if (name == "wo") {
                backend.copy("weights", all.row_range(from, head_dim), part.row_range(into, head_dim));
            } else {
                backend.copy("weights", all.columns(from, head_dim), part.columns(into, head_dim));
            }
        }
    }
}

}  // namespace headcount
