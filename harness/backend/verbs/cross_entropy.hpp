// cross_entropy: what a row of scores is surprised by its right class, in nats, the mean over rows.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/gather_rows.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"
#include "harness/core/error.hpp"

namespace headcount {

/// d_scores = d_loss (softmax(scores) - 1 at the right class) / rows.
struct CrossEntropyVjp {
    static constexpr std::string_view kName = "cross_entropy_vjp";
    Tensor scores, classes, d_loss, d_scores;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.scores, Access::read);
        f(verb.classes, Access::read);
        f(verb.d_loss, Access::read);
        f(verb.d_scores, Access::write);
    }
    bool fits() const {
        return scores.extent == d_scores.extent && classes.rows() == scores.rows() && d_loss.elements() == 1;
    }

    Parts required() const {
        const std::int64_t n = scores.elements(), rows = n / scores.cols();
        return {{.op = "loss",
                 .role = "",
                 .cost = {.multiplies = n + 1,
                          .adds = 2 * n,
                          .compares = n - rows,
                          .divides = rows,
                          .exps = n,
                          .bytes_read = scores.bytes() + classes.bytes() + d_loss.bytes(),
                          .bytes_written = d_scores.bytes()}}};
    }

    template <class T>
    void naive() const {
        using std::exp;
        const T share = *d_loss.at<T>(0, 0, 0) *
                        static_cast<T>(static_cast<double>(scores.cols()) / static_cast<double>(scores.elements()));
        for_each_matrix(scores, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> from = matrix_at<T>(scores, b, n, g), right = matrix_at<T>(classes, b, n, g),
                            to = matrix_at<T>(d_scores, b, n, g);
            for (std::int64_t i = 0; i < from.rows; ++i) {
                T peak = from(i, 0);
                for (std::int64_t j = 1; j < from.cols; ++j) {
                    if (peak < from(i, j)) peak = from(i, j);
                }
                to(i, 0) = exp(from(i, 0) - peak);
                T sum = to(i, 0);
                for (std::int64_t j = 1; j < from.cols; ++j) {
                    to(i, j) = exp(from(i, j) - peak);
                    sum = sum + to(i, j);
                }
                const T factor = share / sum;
                for (std::int64_t j = 0; j < from.cols; ++j) to(i, j) = to(i, j) * factor;
                T& own = to(i, id_at(right, i));
                own = own - share;
            }
        });
    }
};

struct CrossEntropy {
    static constexpr std::string_view kName = "cross_entropy";
    Tensor scores;   ///< [.., rows, classes]
    Tensor classes;  ///< [.., rows, 1]: the right one, a whole number
    Tensor loss;     ///< [1,1,1,1,1]

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.scores, Access::read);
        f(verb.classes, Access::read);
        f(verb.loss, Access::write);
    }
    bool fits() const {
        return broadcasts(classes, scores) && classes.rows() == scores.rows() && classes.cols() == 1 &&
               loss.elements() == 1;
    }

    /// Of the scores alone; nothing else may read them, because the derivative is written and not added.
    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        if (derivatives.holds(scores)) {
            throw Error("'" + std::string(role) + "': the scores of a loss are read by another verb, too");
        }
        backend.run(role, CrossEntropyVjp{.scores = scores,
                                          .classes = classes,
                                          .d_loss = derivatives.of(loss),
                                          .d_scores = derivatives.of(scores)});
    }

    /// A logarithm is counted as an exponential.
    Parts required() const {
        const std::int64_t n = scores.elements(), rows = n / scores.cols();
        return {{.op = "loss",
                 .role = "",
                 .cost = {.multiplies = 1,
                          .adds = 2 * n + 2 * rows - 1,
                          .compares = n - rows,
                          .exps = n + rows,
                          .bytes_read = scores.bytes() + classes.bytes(),
                          .bytes_written = loss.bytes()}}};
    }

    template <class T>
    void naive() const {
        using std::exp;
        using std::log;
        T total{};
        bool begun = false;
        for_each_matrix(scores, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> from = matrix_at<T>(scores, b, n, g), right = matrix_at<T>(classes, b, n, g);
            for (std::int64_t i = 0; i < from.rows; ++i) {
                T peak = from(i, 0);
                for (std::int64_t j = 1; j < from.cols; ++j) {
                    if (peak < from(i, j)) peak = from(i, j);
                }
                T sum = exp(from(i, 0) - peak);
                for (std::int64_t j = 1; j < from.cols; ++j) sum = sum + exp(from(i, j) - peak);
                const T surprise = log(sum) - (from(i, id_at(right, i)) - peak);
                total = begun ? total + surprise : surprise;
                begun = true;
            }
        });
        *loss.at<T>(0, 0, 0) =
            total * static_cast<T>(static_cast<double>(scores.cols()) / static_cast<double>(scores.elements()));
    }
};

}  // namespace headcount
