// Do neighbouring rounds resemble each other, and how many rounds make one independent observation?
#pragma once

#include <span>

namespace headcount {

/// Lag-1 autocorrelation of the ranks of `samples`, taken in this order: a spike weighs no more than any
/// other largest value. 0 for fewer than 4 samples or when all are equal.
double lag1_autocorrelation(std::span<const double> samples);

/// True when lag1_autocorrelation() is larger than independence would give once in twenty times.
bool is_autocorrelated(std::span<const double> samples);

/// Rounds per independent observation: (1 + phi) / (1 - phi) of a first-order autoregression, 1 where there
/// is no sign of correlation. An interval is widened by its square root.
///
/// phi is corrected for its small-sample bias, taken one standard error higher, and used from three quarters of a
/// standard error on (with fewer than 20 rounds 1.6 higher, and from none on). Chosen among 300 such rules by simulated
/// coverage and checked on other seeds, docs/measurement.md: from 20 rounds on independent rounds are covered by at
/// most 97 % (signed_rank.hpp adds up to 0.6 where samples look skewed), and those of phi = 0.7 by 93 % and more, where
/// unwidened intervals cover 59 %.
double block_length(std::span<const double> samples);

}  // namespace headcount
