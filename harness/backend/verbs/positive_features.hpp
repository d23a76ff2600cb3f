// positive_features: exp(w x - |x|^2 / 2) from w x, the features of softmax's kernel (Choromanski et al. 2021), in
// place.
#pragma once

#include <cmath>
#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"

namespace headcount {

/// With y what PositiveFeatures made: d_i becomes d_i y_i, and d_x_i = -2 factor x_i sum_j d_ij with these, or that is
/// added to what is there.
struct PositiveFeaturesVjp {
    static constexpr std::string_view kName = "positive_features_vjp";
    double factor;
    Tensor x, features;
    Tensor d_features, d_x;
    bool add_to_x = false;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.x, Access::read);
        f(verb.features, Access::read);
        f(verb.d_features, Access::update);
        f(verb.d_x, verb.add_to_x ? Access::update : Access::write);
    }
    bool fits() const { return d_features.extent == features.extent && d_x.extent == x.extent; }

    Parts required() const {
        const std::int64_t n = features.elements(), rows = n / features.cols();
        return {{.op = "features",
                 .role = "",
                 .cost = {.multiplies = n + rows + x.elements(),
                          .adds = n - rows + (add_to_x ? x.elements() : 0),
                          .bytes_read = x.bytes() + features.bytes() + d_features.bytes() + (add_to_x ? x.bytes() : 0),
                          .bytes_written = d_features.bytes() + d_x.bytes()}}};
    }

    template <class T>
    void naive() const {
        for_each_matrix(features, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> y = matrix_at<T>(features, b, n, g), dy = matrix_at<T>(d_features, b, n, g);
            const Matrix<T> from = matrix_at<T>(x, b, n, g), dx = matrix_at<T>(d_x, b, n, g);
            for (std::int64_t i = 0; i < y.rows; ++i) {
                T sum{};
                for (std::int64_t j = 0; j < y.cols; ++j) {
                    dy(i, j) = dy(i, j) * y(i, j);
                    sum = j == 0 ? dy(i, j) : sum + dy(i, j);
                }
                const T slope = sum * static_cast<T>(-2 * factor);
                for (std::int64_t a = 0; a < from.cols; ++a)
                    dx(i, a) = add_to_x ? dx(i, a) + slope * from(i, a) : slope * from(i, a);
            }
        });
    }
};

/// features_i = exp(features_i - factor |x_i|^2) for every row; they hold w x before.
struct PositiveFeatures {
    static constexpr std::string_view kName = "positive_features";
    double factor;
    Tensor x;         ///< [.., r, d]
    Tensor features;  ///< [.., r, m]

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.x, Access::read);
        f(verb.features, Access::update);
    }
    bool fits() const {
        return x.batch() == features.batch() && x.kv_heads() == features.kv_heads() && x.group() == features.group() &&
               x.rows() == features.rows() && x.dtype == features.dtype;
    }

    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        backend.run(role, PositiveFeaturesVjp{.factor = factor,
                                              .x = x,
                                              .features = features,
                                              .d_features = derivatives.of(features),
                                              .d_x = derivatives.of(x),
                                              .add_to_x = derivatives.holds(x)});
    }

    Parts required() const {
        const std::int64_t n = features.elements(), rows = n / features.cols();
        return {{.op = "features",
                 .role = "",
                 .cost = {.multiplies = x.elements() + rows,
                          .adds = x.elements() - rows + n,
                          .exps = n,
                          .bytes_read = x.bytes() + features.bytes(),
                          .bytes_written = features.bytes()}}};
    }

    template <class T>
    void naive() const {
        using std::exp;
        for_each_matrix(features, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> from = matrix_at<T>(x, b, n, g), y = matrix_at<T>(features, b, n, g);
            for (std::int64_t i = 0; i < y.rows; ++i) {
                T square = from(i, 0) * from(i, 0);
                for (std::int64_t a = 1; a < from.cols; ++a) square = square + from(i, a) * from(i, a);
                const T half = square * static_cast<T>(factor);
                for (std::int64_t j = 0; j < y.cols; ++j) y(i, j) = exp(y(i, j) - half);
            }
        });
    }
};

}  // namespace headcount
