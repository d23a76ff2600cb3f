// Readable loops for every verb, templated on the scalar: float, double, or Counted, which counts what they do.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "harness/backend/backend.hpp"
#include "harness/core/storage.hpp"

namespace headcount {

/// One matrix inside a tensor.
template <class T>
struct Matrix {
    T* data;
    std::int64_t rows, cols, row_stride, col_stride;

    T& operator()(std::int64_t i, std::int64_t j) const { return data[i * row_stride + j * col_stride]; }
    Matrix row_range(std::int64_t first, std::int64_t count) const {
        return {data + first * row_stride, count, cols, row_stride, col_stride};
    }
    Matrix transposed() const { return {data, cols, rows, col_stride, row_stride}; }
};

/// The matrix at one leading index; a leading extent of 1 broadcasts.
template <class T>
Matrix<T> matrix_at(const Tensor& t, std::int64_t b, std::int64_t n, std::int64_t g) {
    return {t.at<T>(t.extent[0] == 1 ? 0 : b, t.extent[1] == 1 ? 0 : n, t.extent[2] == 1 ? 0 : g), t.rows(), t.cols(),
            t.stride[3], t.stride[4]};
}

/// Calls f(b, n, g) for every leading index of t.
template <class F>
void for_each_matrix(const Tensor& t, F f) {
    for (std::int64_t b = 0; b < t.batch(); ++b) {
        for (std::int64_t n = 0; n < t.kv_heads(); ++n) {
            for (std::int64_t g = 0; g < t.group(); ++g) f(b, n, g);
        }
    }
}

/// c = a @ b, or c += a @ b.
template <class T>
void multiply(Matrix<T> a, Matrix<T> b, Matrix<T> c, bool accumulate) {
    for (std::int64_t i = 0; i < c.rows; ++i) {
        for (std::int64_t k = 0; k < a.cols; ++k) {
            const T x = a(i, k);
            if (k == 0 && !accumulate) {
                for (std::int64_t j = 0; j < c.cols; ++j) c(i, j) = x * b(k, j);
            } else {
                for (std::int64_t j = 0; j < c.cols; ++j) c(i, j) = c(i, j) + x * b(k, j);
            }
        }
    }
}

template <class T>
void scale_all(Matrix<T> c, T factor) {
    for (std::int64_t i = 0; i < c.rows; ++i) {
        for (std::int64_t j = 0; j < c.cols; ++j) c(i, j) = c(i, j) * factor;
    }
}

template <class T>
void add_to_rows(Matrix<T> c, Matrix<T> bias) {
    for (std::int64_t i = 0; i < c.rows; ++i) {
        for (std::int64_t j = 0; j < c.cols; ++j) c(i, j) = c(i, j) + bias(0, j);
    }
}

/// The first `visible` scores become weights, the others zero.
template <class T>
void softmax_row(Matrix<T> row, std::int64_t visible) {
    using std::exp;
    if (visible > 0) {
        T peak = row(0, 0);
        for (std::int64_t j = 1; j < visible; ++j) {
            if (peak < row(0, j)) peak = row(0, j);
        }
        for (std::int64_t j = 0; j < visible; ++j) row(0, j) = exp(row(0, j) - peak);
        T sum = row(0, 0);
        for (std::int64_t j = 1; j < visible; ++j) sum = sum + row(0, j);
        for (std::int64_t j = 0; j < visible; ++j) row(0, j) = row(0, j) / sum;
    }
    for (std::int64_t j = visible; j < row.cols; ++j) row(0, j) = T{};
}

/// c = [scale *] a @ b [+ bias]
template <class T>
void naive_product(Matrix<T> a, Matrix<T> b, Matrix<T> c, const MatmulOptions& options) {
    multiply(a, b, c, false);
    if (options.scale) scale_all(c, static_cast<T>(*options.scale));
    if (options.bias != nullptr) add_to_rows(c, matrix_at<T>(*options.bias, 0, 0, 0));
}

template <class T>
void naive_matmul(const Tensor& a, const Tensor& b, const Tensor& c, const MatmulOptions& options) {
    for_each_matrix(c, [&](std::int64_t i, std::int64_t n, std::int64_t g) {
        naive_product(matrix_at<T>(a, i, n, g), matrix_at<T>(b, i, n, g), matrix_at<T>(c, i, n, g), options);
    });
}

template <class T>
void naive_softmax(Mask mask, const Tensor& scores) {
    for_each_matrix(scores, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
        const Matrix<T> m = matrix_at<T>(scores, b, n, g);
        for (std::int64_t i = 0; i < m.rows; ++i) softmax_row(m.row_range(i, 1), mask.visible(i, m.rows, m.cols));
    });
}

template <class T>
void naive_copy(const Tensor& from, const Tensor& to) {
    for_each_matrix(to, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
        const Matrix<T> source = matrix_at<T>(from, b, n, g);
        const Matrix<T> target = matrix_at<T>(to, b, n, g);
        for (std::int64_t i = 0; i < target.rows; ++i) {
            for (std::int64_t j = 0; j < target.cols; ++j) target(i, j) = source(i, j);
        }
    });
}

}  // namespace headcount
