// Multiply-adds a second, on registers.
#pragma once

#include "harness/core/dtype.hpp"
#include "harness/measure/limits/windows.hpp"

namespace headcount::limits {

/// Fused multiply-adds of all threads a second, two operations each, f32, f64 or bf16, on the instruction set that
/// Highway has chosen (simd::force_target chooses another). Where it has none fused (SSE4), a multiply and an add. bf16
/// in pairs (simd::bf16_step()) or else, widened, as f32; sums are f32.
double multiply_add_rate(DType dtype, int threads, int windows, double window_s = kWindow_s);

}  // namespace headcount::limits
