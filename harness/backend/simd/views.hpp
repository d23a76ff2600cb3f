// Matrices of tensors as the kernels take them.
#pragma once

#include <cstdint>

#include "harness/backend/simd/stream.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/core/tensor.hpp"

namespace headcount::simd {

/// The matrix at one leading index; a leading extent of 1 broadcasts.
template <class S>
View<S> view_at(const Tensor& t, std::int64_t b, std::int64_t n, std::int64_t g) {
    const Matrix<S> m = matrix_at<S>(t, b, n, g);
    return {m.data, m.row_stride, m.col_stride};
}
template <class S>
View<const S> readable(const View<S>& v) {
    return {v.data, v.row_stride, v.col_stride};
}
template <class S>
View<S> rows_from(const View<S>& v, std::int64_t row) {
    return {v.data + row * v.row_stride, v.row_stride, v.col_stride};
}

}  // namespace headcount::simd
