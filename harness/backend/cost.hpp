// What the verbs cost: required work from shapes and mask, and the executed work of the default paths.
#pragma once

#include <cstdint>

#include "harness/backend/backend.hpp"

namespace headcount {

/// The product alone; scale and bias are parts of their own.
OpCost required_matmul(const Tensor& a, const Tensor& b, const Tensor& c, const MatmulOptions& options);
/// Every product of the dense matrices, masked or not.
OpCost dense_matmul(const Tensor& a, const Tensor& b, const Tensor& c);
OpCost required_scale(const Tensor& c, const MatmulOptions& options);
OpCost dense_scale(const Tensor& c);
OpCost bias_cost(const Tensor& c, const Tensor& bias);
/// Also what a backend executes that leaves masked scores alone and divides every weight.
OpCost required_softmax(Mask mask, const Tensor& scores);
/// The same with one reciprocal a row and a multiply a weight instead of a division a weight.
OpCost reciprocal_softmax(Mask mask, const Tensor& scores);
OpCost copy_cost(const Tensor& from);

/// Exact pairs; every operand crosses the boundary of fast memory once.
AttendParts required_attend(const AttendShape& shape, Mask mask);
/// What the loop of tiled_attend.hpp does. `rescale` is the bound that data with rising maxima reach. Bytes
/// follow the blocks: keys and values stream past once for every block of query rows.
AttendParts tiled_attend_cost(const AttendShape& shape, Mask mask, std::int64_t query_block, std::int64_t key_block);

}  // namespace headcount
