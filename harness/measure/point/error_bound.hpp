// How far rounding may carry a correct kernel from the reference, derived step by step along the equation.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/measure/point/reference.hpp"

namespace headcount {

/// Bounds for the rows of one problem. A dot product of n terms errs by at most lambda sqrt(n) u |a| |b| with
/// overwhelming probability (Higham and Mary 2019, theorem 2.4), where u is the unit roundoff and |a| |b| the
/// product of the 2-norms. Errors of a dot product's inputs add in quadrature, because they are independent;
/// errors of softmax weights add absolutely, because all weights of a row share the row's query. The
/// deterministic bound (n u, absolute sums throughout) is some hundred times wider and lets a wrong mask through.
///
/// bf16 has two units: u = 2^-24 of the sums, and 2^-8 wherever a result is stored: projections, weights, context,
/// output, and scores where the variant stores them. There the errors of weights are large enough that those of one
/// head's context, which come of the same weights, are added absolutely.
class ErrorBound {
public:
    ErrorBound(const ReferenceData<double>& data, bool stores_scores);

    /// Bounds on K and V of one batch entry, element by element; empty in core scope, where they are given.
    ReferenceKeys<double> of_keys(const ReferenceKeys<double>& keys, std::int64_t batch) const;

    /// Bound on |out - reference| for each column of one row.
    std::vector<double> of_row(const ReferenceKeys<double>& keys, const ReferenceKeys<double>& key_errors,
                               const ReferenceRow<double>& row, std::int64_t batch, std::int64_t row_index) const;

private:
    double dot_error(std::int64_t terms) const;
    /// Bound on what becomes of `value`, known within `error`, when it is stored.
    double stored(double value, double error) const;
    std::vector<double> projection_errors(const double* x, const double* y, std::int64_t heads, std::int64_t width,
                                          const std::vector<double>& w_norms, const std::vector<double>& bias) const;
    std::vector<double> score_errors(const ReferenceKeys<double>& keys, const ReferenceKeys<double>& key_errors,
                                     const ReferenceRow<double>& row, const std::vector<double>& q_errors,
                                     std::int64_t head) const;
    void context_errors(const ReferenceKeys<double>& keys, const ReferenceKeys<double>& key_errors,
                        const ReferenceRow<double>& row, const std::vector<double>& score_errors, std::int64_t head,
                        double* errors) const;
    std::vector<double> output_errors(const ReferenceRow<double>& row, const std::vector<double>& context_errors) const;

    const ReferenceData<double>* data_;
    double unit_;
    double storage_;  ///< relative, of one stored element beyond what `unit_` covers
    double tiny_;
    bool stores_scores_;
    std::vector<double> wq_norms_, wk_norms_, wv_norms_;  ///< of each column, over its head's rows
};

}  // namespace headcount
