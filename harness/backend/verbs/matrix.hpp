// One matrix inside a tensor, and the readable loops over it that verbs are made of.
#pragma once

#include <cstdint>

#include "harness/core/tensor.hpp"

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

/// Whether a walk over leading indices meets a matrix of `t`, which may broadcast, for the first time.
inline bool first_at(const Tensor& t, std::int64_t b, std::int64_t n, std::int64_t g) {
    return (t.extent[0] > 1 || b == 0) && (t.extent[1] > 1 || n == 0) && (t.extent[2] > 1 || g == 0);
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

/// f(elements at one place ...) for all elements of tensors of equal extents. Rows of neighbours run over plain
/// pointers, which a compiler can turn into vectors.
template <class T, class F, class... Tensors>
void for_each_element(F f, const Tensor& first, const Tensors&... others) {
    const bool neighbours = ((first.stride[4] == 1) && ... && (others.stride[4] == 1));
    for_each_matrix(first, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
        for (std::int64_t i = 0; i < first.rows(); ++i) {
            const auto along = [&](auto*... at) {
                for (std::int64_t j = 0; j < first.cols(); ++j) f(at[j]...);
            };
            if (neighbours) {
                along(first.at<T>(b, n, g, i), others.template at<T>(b, n, g, i)...);
            } else {
                for (std::int64_t j = 0; j < first.cols(); ++j)
                    f(*first.at<T>(b, n, g, i, j), *others.template at<T>(b, n, g, i, j)...);
            }
        }
    });
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

}  // namespace headcount
