// What the linked BLAS reaches on the products of attention.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/core/dtype.hpp"

namespace headcount::limits {

struct GemmShape {
    std::string name;  ///< "square.512", "scores.d=64"
    std::int64_t rows, inner, cols;
    bool transposed = false;  ///< the right operand is read as its transpose, as keys are
};

/// A projection of 512 tokens of width 512, and both products of one head over 512 tokens with head_dim 512, 64, 16.
const std::vector<GemmShape>& gemm_shapes();

/// Why there is none; empty when there is.
std::string gemm_missing();
/// Two operations a multiply, a second, through backend blas: operands of the size of caches, packed at each call.
double gemm_rate(const GemmShape& shape, DType dtype, int threads, int windows);

}  // namespace headcount::limits
