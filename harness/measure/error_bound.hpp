// How far rounding may carry a correct kernel from the reference, derived step by step along the equation.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/measure/reference.hpp"

namespace headcount {

/// Bounds for the rows of one problem. A dot product of n terms errs by at most lambda sqrt(n) u |a| |b| with
/// overwhelming probability (Higham and Mary 2019, theorem 2.4), where u is the unit roundoff and |a| |b| the
/// product of the 2-norms. Errors of a dot product's inputs add in quadrature, because they are independent;
/// errors of softmax weights add absolutely, because all weights of a row share the row's query. The
/// deterministic bound (n u, absolute sums throughout) is some hundred times wider and lets a wrong mask through.
class ErrorBound {
public:
    explicit ErrorBound(const ReferenceData<double>& data);

    /// Bounds on K and V of one batch entry, element by element; empty in core scope, where they are given.
    ReferenceKeys<double> of_keys(std::int64_t batch) const;

    /// Bound on |out - reference| for each column of one row.
    std::vector<double> of_row(const ReferenceKeys<double>& keys, const ReferenceKeys<double>& key_errors,
                               const ReferenceRow<double>& row, std::int64_t batch, std::int64_t row_index) const;

private:
    double dot_error(std::int64_t terms) const;
    std::vector<double> projection_errors(const double* x, std::int64_t heads, std::int64_t width,
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
    double tiny_;
    std::vector<double> wq_norms_, wk_norms_, wv_norms_;  ///< of each column, over its head's rows
};

}  // namespace headcount
