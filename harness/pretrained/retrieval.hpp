// How well questions find the texts that answer them.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/backend/backend.hpp"
#include "harness/core/tensor.hpp"

namespace headcount {

/// Of the right text for each question, from 1: how many are at least as close, itself included. `questions` and
/// `texts` are rows of length 1, [1, 1, 1, n, embed_dim]; text i answers question i.
std::vector<std::int64_t> ranks_of(Backend& backend, const Tensor& questions, const Tensor& texts);

}  // namespace headcount
