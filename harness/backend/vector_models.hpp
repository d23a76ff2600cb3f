// The inner loops of norms and activations with the widest vectors of the processor it runs on.
#pragma once

#include <cstdint>

namespace headcount::vector_math {

/// y = gain (x - mean) / sqrt(variance + epsilon) + shift, n numbers each; y may be x.
void layer_norm(const float* x, const float* gain, const float* shift, float* y, std::int64_t n, double epsilon);
void layer_norm(const double* x, const double* gain, const double* shift, double* y, std::int64_t n, double epsilon);

/// y = x / 2 (1 + erf(x / sqrt 2)), its erf within 2e-7 (Abramowitz and Stegun, 7.1.26); y may be x.
void gelu_exact(const float* x, float* y, std::int64_t n);

/// y = x sigmoid(2 u) as verbs/gelu.hpp has it; y may be x.
void gelu(const float* x, float* y, std::int64_t n);
/// dx = dy gelu'(x), or that is added to it.
void gelu_vjp(const float* x, const float* dy, float* dx, std::int64_t n, bool add);

/// One row of verbs/layer_norm.hpp: dx is written or added to, d_gain and d_shift are always added to.
struct LayerNormRow {
    const float *x, *gain, *dy;
    float *dx, *d_gain, *d_shift;
    bool add_to_dx;
};
void layer_norm_vjp(const LayerNormRow& row, std::int64_t n, double epsilon);

}  // namespace headcount::vector_math
