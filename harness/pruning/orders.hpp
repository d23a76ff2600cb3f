// In which order heads are removed, and how many at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/journal/head_study.hpp"
#include "variants/kept_heads.hpp"

namespace headcount {

/// All heads, the least important first; `importance` is by layer and head.
std::vector<HeadPlace> by_importance(const std::vector<std::vector<double>>& importance);

/// The same heads in an order that the seed alone decides.
std::vector<HeadPlace> shuffled(std::vector<HeadPlace> order, std::uint64_t seed);

/// Heads left at each of `steps` steps from `all` to none, without `all` itself; fewer where steps would be none.
std::vector<std::int64_t> numbers_left(std::int64_t all, std::int64_t steps);

/// Those that are removed when `left` of the order are left.
std::vector<HeadPlace> all_but(const std::vector<HeadPlace>& order, std::int64_t left);

/// What a model of so many layers and heads keeps.
KeptHeads kept_without(std::int64_t layers, std::int64_t num_heads, const std::vector<HeadPlace>& removed);

/// All heads of the layer but one.
std::vector<HeadPlace> all_of_layer_but(std::int64_t layer, std::int64_t num_heads, std::int64_t kept);

}  // namespace headcount
