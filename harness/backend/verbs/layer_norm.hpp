// layer_norm: every row shifted and scaled to mean 0 and variance 1, then by learned numbers (Ba et al. 2016).
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"

namespace headcount {

/// With x^ = (from - mean) / deviation and g = gain d_to, all of a row of n columns:
///   d_from  = (g - sum(g) / n - x^ sum(g x^) / n) / deviation
///   d_gain  = sum over rows of d_to x^,  d_shift = sum over rows of d_to
/// or these are added to what is there.
struct LayerNormVjp {
    static constexpr std::string_view kName = "layer_norm_vjp";
    double epsilon = 1e-12;
    Tensor from, gain, d_to;
    Tensor d_from, d_gain, d_shift;
    bool add_to_from = false, add_to_gain = false, add_to_shift = false;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        const auto access = [](bool add) { return add ? Access::update : Access::write; };
        f(verb.from, Access::read);
        f(verb.gain, Access::read);
        f(verb.d_to, Access::read);
        f(verb.d_from, access(verb.add_to_from));
        f(verb.d_gain, access(verb.add_to_gain));
        f(verb.d_shift, access(verb.add_to_shift));
    }
    bool fits() const {
        return from.extent == d_to.extent && from.extent == d_from.extent && gain.extent == d_gain.extent &&
               gain.extent == d_shift.extent && gain.cols() == from.cols() && gain.elements() == gain.cols();
    }

    Parts required() const {
        const std::int64_t n = from.elements(), cols = from.cols(), rows = n / cols;
        const std::int64_t begun = (add_to_gain ? 0 : cols) + (add_to_shift ? 0 : cols);
        return {
            {.op = "norm",
             .role = "",
             .cost = {.multiplies = 8 * n + rows,
                      .adds = 10 * n - 3 * rows - begun + (add_to_from ? n : 0),
                      .divides = 6 * rows,
                      .bytes_read = from.bytes() + gain.bytes() + d_to.bytes() + (add_to_from ? d_from.bytes() : 0) +
                                    (add_to_gain ? gain.bytes() : 0) + (add_to_shift ? gain.bytes() : 0),
                      .bytes_written = d_from.bytes() + d_gain.bytes() + d_shift.bytes()}}};
    }

    template <class T>
    void naive() const {
        const Matrix<T> gains = matrix_at<T>(gain, 0, 0, 0), dg = matrix_at<T>(d_gain, 0, 0, 0),
                        ds = matrix_at<T>(d_shift, 0, 0, 0);
        bool gain_begun = add_to_gain, shift_begun = add_to_shift;
        for_each_matrix(from, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> x = matrix_at<T>(from, b, n, g), dy = matrix_at<T>(d_to, b, n, g),
                            dx = matrix_at<T>(d_from, b, n, g);
            for (std::int64_t i = 0; i < x.rows; ++i) {
                row_naive(x.row_range(i, 1), gains, dy.row_range(i, 1), dx.row_range(i, 1), dg, gain_begun);
                for (std::int64_t j = 0; j < x.cols; ++j) ds(0, j) = shift_begun ? ds(0, j) + dy(i, j) : dy(i, j);
                gain_begun = shift_begun = true;
            }
        });
    }

private:
    template <class T>
    void row_naive(const Matrix<T>& x, const Matrix<T>& gains, const Matrix<T>& dy, const Matrix<T>& dx,
                   const Matrix<T>& dg, bool gain_begun) const {
        using std::sqrt;
        const T count = static_cast<T>(static_cast<double>(x.cols));
        T sum = x(0, 0);
        for (std::int64_t j = 1; j < x.cols; ++j) sum = sum + x(0, j);
        const T mean = sum / count;
        T squares{}, all{}, along{};
        for (std::int64_t j = 0; j < x.cols; ++j) {
            const T centred = x(0, j) - mean, square = centred * centred;
            const T g = gains(0, j) * dy(0, j), product = g * centred;
            squares = j == 0 ? square : squares + square;
            all = j == 0 ? g : all + g;
            along = j == 0 ? product : along + product;
        }
        const T factor = static_cast<T>(1) / sqrt(squares / count + static_cast<T>(epsilon));
        const T mean_of_all = all / count, slope = along * factor / count;
        for (std::int64_t j = 0; j < x.cols; ++j) {
            const T normal = (x(0, j) - mean) * factor;
            const T derivative = ((gains(0, j) * dy(0, j) - mean_of_all) - normal * slope) * factor;
            dx(0, j) = add_to_from ? dx(0, j) + derivative : derivative;
            const T product = dy(0, j) * normal;
            dg(0, j) = gain_begun ? dg(0, j) + product : product;
        }
    }
};

/// to = gain (from - mean) / sqrt(variance + epsilon) + shift, row by row. The variance is that of all columns, not of
/// a sample. `to` may be `from`, where nobody asks for a derivative.
struct LayerNorm {
    static constexpr std::string_view kName = "layer_norm";
    double epsilon = 1e-12;
    Tensor from;
    Tensor gain, shift;  ///< [1, 1, 1, 1, cols]
    Tensor to;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.from, Access::read);
        f(verb.gain, Access::read);
        f(verb.shift, Access::read);
        f(verb.to, Access::write);
    }
    bool fits() const {
        const auto is_row = [&](const Tensor& t) { return t.elements() == t.cols() && t.cols() == from.cols(); };
        return from.extent == to.extent && is_row(gain) && is_row(shift);
    }

    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        backend.run(role, LayerNormVjp{.epsilon = epsilon,
                                       .from = from,
                                       .gain = gain,
                                       .d_to = derivatives.of(to),
                                       .d_from = derivatives.of(from),
                                       .d_gain = derivatives.of(gain),
                                       .d_shift = derivatives.of(shift),
                                       .add_to_from = derivatives.holds(from),
                                       .add_to_gain = derivatives.holds(gain),
                                       .add_to_shift = derivatives.holds(shift)});
    }

    Parts required() const {
        const std::int64_t n = from.elements(), rows = n / from.cols();
        return {{.op = "norm",
                 .role = "",
                 .cost = {.multiplies = 3 * n,
                          .adds = 4 * n - rows,
                          .divides = 4 * rows,
                          .bytes_read = from.bytes() + gain.bytes() + shift.bytes(),
                          .bytes_written = to.bytes()}}};
    }

    template <class T>
    void naive() const {
        const Matrix<T> gains = matrix_at<T>(gain, 0, 0, 0), shifts = matrix_at<T>(shift, 0, 0, 0);
        for_each_matrix(from, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> x = matrix_at<T>(from, b, n, g), y = matrix_at<T>(to, b, n, g);
            for (std::int64_t i = 0; i < x.rows; ++i) row_naive(x.row_range(i, 1), gains, shifts, y.row_range(i, 1));
        });
    }

private:
    template <class T>
    void row_naive(const Matrix<T>& x, const Matrix<T>& gains, const Matrix<T>& shifts, const Matrix<T>& y) const {
        using std::sqrt;
        const T count = static_cast<T>(static_cast<double>(x.cols));
        T sum = x(0, 0);
        for (std::int64_t j = 1; j < x.cols; ++j) sum = sum + x(0, j);
        const T mean = sum / count;
        T squares{};
        for (std::int64_t j = 0; j < x.cols; ++j) {
            y(0, j) = x(0, j) - mean;
            const T square = y(0, j) * y(0, j);
            squares = j == 0 ? square : squares + square;
        }
        const T factor = static_cast<T>(1) / sqrt(squares / count + static_cast<T>(epsilon));
        for (std::int64_t j = 0; j < x.cols; ++j) y(0, j) = y(0, j) * factor * gains(0, j) + shifts(0, j);
    }
};

}  // namespace headcount
