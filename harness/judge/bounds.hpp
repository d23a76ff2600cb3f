// How far rounding may carry a correct kernel in one step, when its inputs may be off already.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/judge/known.hpp"

namespace headcount::judge::bounds {

/// A dot product of n terms errs by at most lambda sqrt(n) u |a| |b| with overwhelming probability (Higham and Mary
/// 2019, theorem 2.4), where u is the unit roundoff and |a| |b| the product of the 2-norms. Errors of its inputs add in
/// quadrature, because they are independent. Errors that may all go one way (those of a row's softmax weights, which
/// share the row's query) add absolutely; then |a| |b| is replaced by the smaller sum of |a_i b_i|, which is at hand.
/// The deterministic bound (n u, absolute sums throughout) is some hundred times wider and lets a wrong mask through.
///
/// bf16 has two units: u = 2^-24 of the sums, and 2^-8 wherever a result is stored. The second one is a limit of each
/// rounding, not a probable size. Roundings of elements are independent, so that those of a sum of many are within
/// lambda of their quadrature; within their plain sum they are always.

/// How far `terms` additions to a running sum may carry it, relative to its size: their roundings are independent.
double of_adding(std::int64_t terms, const Rounding& rounding);

/// a [1, n] times b [n, m] into error [m]; `terms` as a kernel adds them, a bias included.
void of_product(const View<double>& a, const View<double>& b, std::int64_t terms, double* error);

/// Whether the columns of such a product may be off in one direction together.
bool product_moves_together(const View<double>& a, const View<double>& b);

/// Squared 2-norm of every column.
std::vector<double> column_squares(const View<double>& b);

/// weights = softmax of a row of scores [1, n]; `sum` is that of exp(score - largest score).
void of_softmax(const View<double>& scores, const double* weights, double peak, double sum, double* error);

}  // namespace headcount::judge::bounds
