// How a matrix is described to a gemm: rows or columns in one piece, and the distance between them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "harness/backend/verbs/matrix.hpp"

namespace headcount {

struct GemmForm {
    bool transposed;
    std::int64_t leading;
};

/// Nothing when neither rows nor columns lie in one piece: then the readable loops take over.
template <class T>
std::optional<GemmForm> gemm_form_of(const Matrix<T>& m) {
    if (m.col_stride == 1 || m.cols == 1) {
        return GemmForm{.transposed = false, .leading = std::max(m.rows == 1 ? m.cols : m.row_stride, m.cols)};
    }
    if (m.row_stride == 1 || m.rows == 1) {
        return GemmForm{.transposed = true, .leading = std::max(m.cols == 1 ? m.rows : m.col_stride, m.rows)};
    }
    return std::nullopt;
}

/// The three forms of c = a @ b.
struct GemmForms {
    GemmForm a, b, c;
    /// The largest number that the call passes.
    std::int64_t largest;
};

/// Nothing when an operand has no form, or c none that a row-major gemm writes.
template <class T>
std::optional<GemmForms> gemm_forms_of(const Matrix<T>& a, const Matrix<T>& b, const Matrix<T>& c) {
    const std::optional<GemmForm> a_form = gemm_form_of(a);
    const std::optional<GemmForm> b_form = gemm_form_of(b);
    const std::optional<GemmForm> c_form = gemm_form_of(c);
    if (!a_form || !b_form || !c_form || c_form->transposed) return std::nullopt;
    return GemmForms{*a_form, *b_form, *c_form,
                     std::max({c.rows, c.cols, a.cols, a_form->leading, b_form->leading, c_form->leading})};
}

}  // namespace headcount
