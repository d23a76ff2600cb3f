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
/// phi is corrected for its small-sample bias and used from half a standard error on. A stricter test (1.645)
/// overlooks half of the correlated series of 20 rounds and covers less than 90 % of them; correcting always
/// covers 97 % where there is no correlation. The simulation in tests/stats/coverage_test.cpp decides.
double block_length(std::span<const double> samples);

}  // namespace headcount
