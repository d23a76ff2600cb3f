// How many directions a symmetric matrix spreads over.
#pragma once

#include <cstddef>
#include <span>

namespace headcount {

/// The exponential of the entropy of the eigenvalues over their sum (Roy and Vetterli 2007): n for the identity, 1 for
/// a matrix of rank 1. `matrix` is symmetric, positive semidefinite, [n * n]; eigenvalues that rounding made negative
/// count as 0. Throws Error for another size.
double effective_rank(std::span<const double> matrix, std::size_t n);

}  // namespace headcount
