// What shape a sample has: diagnostics of the assumptions behind intervals, not decisions.
#pragma once

#include <cstddef>
#include <span>

namespace headcount {

/// Fewer samples say nothing about their shape.
inline constexpr std::size_t kFewestForShape = 8;

/// p-value of "the samples are normal", mean and variance unknown: Anderson and Darling 1954 with the small-sample
/// correction of D'Agostino and Stephens 1986 (table 4.9). 1 for fewer than 8 samples or for equal ones: no diagnosis.
double normality_p_value(std::span<const double> samples);

/// p-value of "the values scatter symmetrically about some centre": the triples test (Randles, Fligner, Policello and
/// Wolfe 1980), normal approximation. As costly as the square of the number of values. 1 for fewer than 8 values or
/// equal ones.
double symmetry_p_value(std::span<const double> values);

}  // namespace headcount
