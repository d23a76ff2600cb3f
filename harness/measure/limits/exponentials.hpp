// Exponentials a second, of values in the first cache.
#pragma once

namespace headcount::limits {

/// e^x of f32 as backends naive and blas compute it in softmax_rows: Highway's.
double exp_rate(int threads, int windows);
/// 2^x of f32 for x <= 0 as the fused core of backend simd computes it (harness/backend/simd/lanes-inl.hpp).
double exp2_rate(int threads, int windows);

}  // namespace headcount::limits
