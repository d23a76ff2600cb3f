// mean_square: the mean squared difference of predictions and targets, one number.
#pragma once

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"

namespace headcount {

/// d_prediction = d_loss * 2 (prediction - target) / elements.
struct MeanSquareVjp {
    static constexpr std::string_view kName = "mean_square_vjp";
    Tensor prediction, target, d_loss, d_prediction;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.prediction, Access::read);
        f(verb.target, Access::read);
        f(verb.d_loss, Access::read);
        f(verb.d_prediction, Access::write);
    }
    bool fits() const {
        return prediction.extent == target.extent && prediction.extent == d_prediction.extent && d_loss.elements() == 1;
    }

    Parts required() const {
        const std::int64_t n = prediction.elements();
        return {{.op = "loss",
                 .role = "",
                 .cost = {.multiplies = n + 1,
                          .adds = n,
                          .bytes_read = 2 * prediction.bytes() + d_loss.bytes(),
                          .bytes_written = d_prediction.bytes()}}};
    }

    template <class T>
    void naive() const {
        const T factor = *d_loss.at<T>(0, 0, 0) * static_cast<T>(2.0 / static_cast<double>(prediction.elements()));
        for_each_element<T>([&](const T& y, const T& t, T& dy) { dy = (y - t) * factor; }, prediction, target,
                            d_prediction);
    }
};

struct MeanSquare {
    static constexpr std::string_view kName = "mean_square";
    Tensor prediction, target;
    Tensor loss;  ///< [1,1,1,1,1]

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.prediction, Access::read);
        f(verb.target, Access::read);
        f(verb.loss, Access::write);
    }
    bool fits() const { return prediction.extent == target.extent && loss.elements() == 1; }

    /// Of the prediction alone; nothing else may read it, because the derivative is written and not added.
    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        if (derivatives.holds(prediction)) {
            throw Error("'" + std::string(role) + "': the prediction of a loss is read by another verb, too");
        }
        backend.run(role, MeanSquareVjp{.prediction = prediction,
                                        .target = target,
                                        .d_loss = derivatives.of(loss),
                                        .d_prediction = derivatives.of(prediction)});
    }

    Parts required() const {
        const std::int64_t n = prediction.elements();
        return {{.op = "loss",
                 .role = "",
                 .cost = {.multiplies = n + 1,
                          .adds = 2 * n - 1,
                          .bytes_read = 2 * prediction.bytes(),
                          .bytes_written = loss.bytes()}}};
    }

    template <class T>
    void naive() const {
        T sum{};
        bool begun = false;
        for_each_element<T>(
            [&](const T& y, const T& t) {
                const T difference = y - t, square = difference * difference;
                sum = begun ? sum + square : square;
                begun = true;
            },
            prediction, target);
        *loss.at<T>(0, 0, 0) = sum * static_cast<T>(1.0 / static_cast<double>(prediction.elements()));
    }
};

}  // namespace headcount
