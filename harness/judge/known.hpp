// Numbers that know how far rounding may carry a correct kernel from them.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "harness/core/dtype.hpp"

namespace headcount::judge {

/// How a correct kernel of one dtype rounds.
struct Rounding {
    double unit = 0;     ///< relative, of one multiplication or addition
    double storage = 0;  ///< relative, of an element that is stored, beyond `unit` (bf16)
    double tiny = 0;     ///< the smallest normal number: what is smaller may become zero

    /// How far storing moves `value`, itself known within `error`. Zero is stored exactly.
    double of_storing(double value, double error) const {
        const double size = std::abs(value) + error;
        return storage * size + (storage > 0 && size > 0 ? tiny : 0);
    }
};

Rounding rounding_of(DType dtype);

/// Whether errors are followed: in float64 they are; a scalar that counts or differentiates has none.
template <class T>
constexpr bool kBounded = std::is_same_v<T, double>;

/// A window on a matrix; slices and transposes copy nothing.
template <class T>
struct View {
    using Scalar = T;
    const T* value = nullptr;
    const double* error = nullptr;  ///< beside `value`; null: exact
    std::int64_t rows = 0, cols = 0;
    std::int64_t row_stride = 0, col_stride = 1;
    Rounding rounding;
    bool stored = false;        ///< each element was also rounded when it was stored, independently of all others
    std::int64_t together = 0;  ///< so many neighbours in a row may all be off one way; 0: independent of each other
    const double* squares = nullptr;  ///< of an exact matrix: each column's squared 2-norm; null: not known

    std::int64_t at(std::int64_t row, std::int64_t col) const { return row * row_stride + col * col_stride; }
    /// How far a correct kernel may be from value[i] before it stores the element.
    double error_at(std::int64_t i) const { return error == nullptr ? 0 : error[i]; }
    /// What storing adds.
    double rounding_at(std::int64_t i) const {
        if constexpr (kBounded<T>) return stored ? rounding.of_storing(value[i], error_at(i)) : 0;
        return 0;
    }
    double total_at(std::int64_t i) const { return error_at(i) + rounding_at(i); }

    View transposed() const {
        View t = *this;
        t.rows = cols;
        t.cols = rows;
        t.row_stride = col_stride;
        t.col_stride = row_stride;
        t.squares = nullptr;
        return t;
    }
    View columns(std::int64_t first, std::int64_t count) const {
        View t = *this;
        t.shift(first * col_stride);
        t.cols = count;
        if (squares != nullptr) t.squares = squares + first;
        return t;
    }
    View row_range(std::int64_t first, std::int64_t count) const {
        View t = *this;
        t.shift(first * row_stride);
        t.rows = count;
        if (count != rows) t.squares = nullptr;
        return t;
    }
    View row(std::int64_t index) const { return row_range(index, 1); }
    /// The columns of one head of `heads` that stand side by side.
    View head(std::int64_t index, std::int64_t heads) const { return columns(index * (cols / heads), cols / heads); }

private:
    void shift(std::int64_t elements) {
        if (value != nullptr) value += elements;
        if (error != nullptr) error += elements;
    }
};

/// A row-major matrix that owns its numbers. A kernel may be off by `error` in each element, and by what storing adds
/// when `stored`.
template <class T>
struct Known {
    std::vector<T> value;
    std::vector<double> error;  ///< empty: exact
    std::int64_t rows = 0, cols = 0;
    Rounding rounding;
    bool stored = false;
    std::int64_t together = 0;

    Known(std::int64_t its_rows, std::int64_t its_cols, Rounding its_rounding)
        : value(static_cast<std::size_t>(its_rows * its_cols)),
          rows(its_rows),
          cols(its_cols),
          rounding(its_rounding) {}

    View<T> transposed() const { return view().transposed(); }
    View<T> row_range(std::int64_t first, std::int64_t count) const { return view().row_range(first, count); }
    View<T> head(std::int64_t index, std::int64_t heads) const { return view().head(index, heads); }
    /// Room for errors, all zero.
    double* with_errors() {
        error.assign(value.size(), 0);
        return error.data();
    }
    View<T> view() const {
        return {.value = value.data(),
                .error = error.empty() ? nullptr : error.data(),
                .rows = rows,
                .cols = cols,
                .row_stride = cols,
                .col_stride = 1,
                .rounding = rounding,
                .stored = stored,
                .together = together,
                .squares = nullptr};
    }
};

template <class T>
View<T> view_of(const Known<T>& x) {
    return x.view();
}
template <class T>
View<T> view_of(const View<T>& x) {
    return x;
}

}  // namespace headcount::judge
