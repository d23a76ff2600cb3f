// adamw: one step of the optimiser of Loshchilov and Hutter 2019 on all parameters, with the gradient's norm clipped.
#pragma once

#include <cmath>
#include <cstdint>

#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"

namespace headcount {

/// m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w = w - rate (m^ / (sqrt(v^) + eps) + decay w), where m^ and v^ are
/// m and v without their bias towards zero, and g is the gradient, shortened to `clip` where its norm is larger.
struct AdamW {
    static constexpr std::string_view kName = "adamw";
    Tensor gradient;
    Tensor square_norm;  ///< of the gradient: what sum_squares made
    Tensor parameters, first_moment, second_moment;
    double rate = 0, decay = 0, clip = 0;
    std::int64_t step = 1;  ///< counted from 1
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.gradient, Access::read);
        f(verb.square_norm, Access::read);
        f(verb.parameters, Access::update);
        f(verb.first_moment, Access::update);
        f(verb.second_moment, Access::update);
    }
    bool fits() const {
        return gradient.extent == parameters.extent && gradient.extent == first_moment.extent &&
               gradient.extent == second_moment.extent && square_norm.elements() == 1;
    }

    /// Of a gradient that is clipped; what depends on the step alone is not counted.
    Parts required() const {
        const std::int64_t n = gradient.elements();
        return {{.op = "update",
                 .role = "",
                 .cost = {.multiplies = 10 * n,
                          .adds = 4 * n,
                          .compares = 1,
                          .divides = 2 * n + 2,
                          .bytes_read = 4 * gradient.bytes() + square_norm.bytes(),
                          .bytes_written = 3 * gradient.bytes()}}};
    }

    template <class T>
    void naive() const {
        using std::sqrt;
        const auto steps = static_cast<double>(step);
        const T unbias1 = static_cast<T>(1 / (1 - std::pow(beta1, steps)));
        const T unbias2 = static_cast<T>(1 / (1 - std::pow(beta2, steps)));
        const T norm = sqrt(*square_norm.at<T>(0, 0, 0));
        const T limit = static_cast<T>(clip);
        const T factor = limit < norm ? limit / norm : static_cast<T>(1);
        const T keep = static_cast<T>(1 - rate * decay);
        const T b1 = static_cast<T>(beta1), b2 = static_cast<T>(beta2);
        const T rest1 = static_cast<T>(1 - beta1), rest2 = static_cast<T>(1 - beta2);
        const T length = static_cast<T>(rate), eps = static_cast<T>(epsilon);
        for_each_element<T>(
            [&](const T& gradient_here, T& w, T& m, T& v) {
                const T g = gradient_here * factor;
                m = b1 * m + rest1 * g;
                v = b2 * v + rest2 * (g * g);
                w = w * keep - length * (m * unbias1) / (sqrt(v * unbias2) + eps);
            },
            gradient, parameters, first_moment, second_moment);
    }
};

}  // namespace headcount
