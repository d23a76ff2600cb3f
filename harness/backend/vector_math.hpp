// The inner loops of softmax, its derivative and sums with the widest vectors of the processor it runs on.
#pragma once

#include <cstdint>

namespace headcount::vector_math {

/// Largest of x[0 .. n), n > 0.
float row_max(const float* x, std::int64_t n);
double row_max(const double* x, std::int64_t n);

/// x = exp(x - peak), within 4 units in the last place; returns the sum. x - peak must not exceed 0. NaN stays NaN;
/// results below the smallest normal number are zero in f32 and may be in f64.
float exp_and_sum(float* x, std::int64_t n, float peak);
double exp_and_sum(double* x, std::int64_t n, double peak);

/// x = factor * x
void scale(float* x, std::int64_t n, float factor);
void scale(double* x, std::int64_t n, double factor);

/// Sum of x[i] * y[i].
float dot(const float* x, const float* y, std::int64_t n);
double dot(const double* x, const double* y, std::int64_t n);

/// x = factors * (x - shift)
void shift_and_multiply(float* x, const float* factors, std::int64_t n, float shift);
void shift_and_multiply(double* x, const double* factors, std::int64_t n, double shift);

/// to = to + from
void add(const float* from, float* to, std::int64_t n);
void add(const double* from, double* to, std::int64_t n);

/// Name of the instruction set in use ("AVX3").
const char* target_name();

}  // namespace headcount::vector_math
