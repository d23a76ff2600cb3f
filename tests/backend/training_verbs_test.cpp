// The verbs that training adds: their work as counted by a scalar, and their derivatives by finite differences.
#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "harness/backend/naive_backend.hpp"
#include "harness/backend/verbs/adamw.hpp"
#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/cross_entropy.hpp"
#include "harness/backend/verbs/gather_rows.hpp"
#include "harness/backend/verbs/gelu.hpp"
#include "harness/backend/verbs/gelu_exact.hpp"
#include "harness/backend/verbs/layer_norm.hpp"
#include "harness/backend/verbs/mean_square.hpp"
#include "harness/backend/verbs/relu.hpp"
#include "harness/backend/verbs/scale_columns.hpp"
#include "harness/backend/verbs/sum_squares.hpp"
#include "harness/backend/verbs/tanh.hpp"
#include "harness/core/counted.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

/// Tensors of one kind of scalar, each with numbers of its own.
template <class T>
class Store {
public:
    explicit Store(DType dtype) : dtype_(dtype) {}
    Tensor take(std::int64_t rows, std::int64_t cols, double low = -2, double high = 2) {
        Tensor t = dense(nullptr, dtype_, {1, 1, 1, rows, cols});
        auto& block = blocks_.emplace_back();
        std::uniform_real_distribution<double> uniform(low, high);
        for (std::int64_t i = 0; i < rows * cols; ++i) block.push_back(static_cast<T>(uniform(random_)));
        t.data = block.data();
        return t;
    }

private:
    DType dtype_;
    std::vector<std::vector<T>> blocks_;
    std::mt19937 random_{7};
};

/// What the counting scalar saw is what the verb says.
template <class V>
void check_count(const V& verb) {
    NaiveBackend backend;
    Counted::tally() = {};
    backend.run("x", verb);
    const OpCost seen = Counted::tally();
    OpCost claimed = verb.required().front().cost;
    CAPTURE(V::kName);
    CHECK(claimed.bytes_written > 0);
    claimed.bytes_read = claimed.bytes_written = 0;
    CHECK(seen == claimed);
}

double* numbers(const Tensor& t) { return static_cast<double*>(t.data); }

/// d of sum(weights * to) by each element of `from` through `run`, against the derivative that its vjp makes.
template <class V>
void check_derivative(const V& verb, bool added_to) {
    NaiveBackend backend;
    const std::int64_t n = verb.from.elements();
    Store<double> store(DType::f64);
    const Tensor d_to = store.take(verb.to.rows(), verb.to.cols());
    const Tensor d_from = store.take(verb.from.rows(), verb.from.cols());
    const std::vector<double> before(numbers(d_from), numbers(d_from) + n);
    Adjoints derivatives;
    derivatives.put(verb.from.data, verb.from.bytes(), d_from.data);
    derivatives.put(verb.to.data, verb.to.bytes(), d_to.data);
    if (added_to) {
        static_cast<void>(derivatives.holds(verb.from));
    }
    Workspace scratch = Workspace::reserve(64);
    verb.vjp(backend, "x", scratch, derivatives);
    const auto value = [&] {
        backend.run("x", verb);
        double sum = 0;
        for (std::int64_t i = 0; i < n; ++i) sum += numbers(d_to)[i] * numbers(verb.to)[i];
        return sum;
    };
    constexpr double kStep = 1e-6;
    for (std::int64_t i = 0; i < n; ++i) {
        double& x = numbers(verb.from)[i];
        const double here = x;
        x = here + kStep;
        const double above = value();
        x = here - kStep;
        const double below = value();
        x = here;
        const double expected = (above - below) / (2 * kStep) + (added_to ? before[static_cast<std::size_t>(i)] : 0);
        CHECK_THAT(numbers(d_from)[i], WithinAbs(expected, 1e-7));
    }
}

}  // namespace

TEST_CASE("the work of training verbs is what a counting scalar sees") {
    Store<Counted> store(DType::counted);
    const auto take = [&] { return store.take(3, 5, 0.5, 2); };
    const Tensor one = store.take(1, 1, 4, 5);
    for (const bool accumulate : {false, true}) {
        check_count(ReluVjp{.from = take(), .d_to = take(), .d_from = take(), .accumulate = accumulate});
        check_count(GeluVjp{.from = take(), .d_to = take(), .d_from = take(), .accumulate = accumulate});
        check_count(GeluExactVjp{.from = take(), .d_to = take(), .d_from = take(), .accumulate = accumulate});
        check_count(TanhVjp{.from = take(), .d_to = take(), .d_from = take(), .accumulate = accumulate});
        check_count(ScaleColumns{.from = take(), .by = store.take(1, 5), .to = take(), .accumulate = accumulate});
        check_count(SumProducts{.a = take(), .b = take(), .to = store.take(1, 5), .accumulate = accumulate});
    }
    check_count(Relu{.from = take(), .to = take()});
    check_count(Gelu{.from = take(), .to = take()});
    check_count(GeluExact{.from = take(), .to = take()});
    check_count(Tanh{.from = take(), .to = take()});
    check_count(LayerNorm{.from = take(), .gain = store.take(1, 5), .shift = store.take(1, 5), .to = take()});
    check_count(CrossEntropy{.scores = take(), .classes = store.take(3, 1, 0, 4), .loss = one});
    check_count(
        CrossEntropyVjp{.scores = take(), .classes = store.take(3, 1, 0, 4), .d_loss = one, .d_scores = take()});
    check_count(GatherRows{.table = take(), .ids = store.take(4, 1, 0, 2), .to = store.take(4, 5)});
    for (const bool add : {false, true}) {
        check_count(GatherRowsVjp{
            .ids = store.take(4, 1, 0, 2), .d_to = store.take(4, 5), .d_table = take(), .accumulate = add});
        check_count(LayerNormVjp{.from = take(),
                                 .gain = store.take(1, 5),
                                 .d_to = take(),
                                 .d_from = take(),
                                 .d_gain = store.take(1, 5),
                                 .d_shift = store.take(1, 5),
                                 .add_to_from = add,
                                 .add_to_gain = add,
                                 .add_to_shift = add});
    }
    check_count(SumSquares{.from = take(), .to = one});
    check_count(MeanSquare{.prediction = take(), .target = take(), .loss = one});
    check_count(MeanSquareVjp{.prediction = take(), .target = take(), .d_loss = one, .d_prediction = take()});
    check_count(AdamW{.gradient = take(),
                      .square_norm = store.take(1, 1, 4, 5),
                      .parameters = take(),
                      .first_moment = take(),
                      .second_moment = take(),
                      .rate = 0.1,
                      .decay = 0.1,
                      .clip = 1});
}

TEST_CASE("derivatives of activations are those of finite differences, alone and added to others") {
    Store<double> store(DType::f64);
    const auto take = [&] { return store.take(3, 4); };
    for (const bool added_to : {false, true}) {
        check_derivative(Relu{.from = take(), .to = take()}, added_to);
        check_derivative(Gelu{.from = take(), .to = take()}, added_to);
        check_derivative(GeluExact{.from = take(), .to = take()}, added_to);
        check_derivative(Tanh{.from = take(), .to = take()}, added_to);
    }
}

TEST_CASE("gelu is x times the normal distribution function to 1e-3, and finite far out") {
    Store<double> store(DType::f64);
    const Tensor from = store.take(1, 64, -6, 6), to = store.take(1, 64);
    numbers(from)[0] = -1000;
    numbers(from)[1] = 1000;
    NaiveBackend backend;
    backend.run("x", Gelu{.from = from, .to = to});
    for (std::int64_t i = 0; i < 64; ++i) {
        const double x = numbers(from)[i], expected = x * 0.5 * std::erfc(-x / std::sqrt(2.0));
        CHECK_THAT(numbers(to)[i], WithinAbs(expected, 1e-3));
    }
}

TEST_CASE("the loss and its derivative follow their formula") {
    Store<double> store(DType::f64);
    const Tensor prediction = store.take(3, 4), target = store.take(3, 4), loss = store.take(1, 1);
    const Tensor d_prediction = store.take(3, 4), d_loss = store.take(1, 1);
    NaiveBackend backend;
    const MeanSquare verb{.prediction = prediction, .target = target, .loss = loss};
    backend.run("loss", verb);
    Adjoints derivatives;
    derivatives.put(prediction.data, prediction.bytes(), d_prediction.data);
    derivatives.put(loss.data, loss.bytes(), d_loss.data);
    derivatives.put_constant(target.data, target.bytes());
    CHECK_FALSE(derivatives.wants(target));
    CHECK(derivatives.wants(prediction));
    Workspace scratch = Workspace::reserve(64);
    verb.vjp(backend, "loss", scratch, derivatives);
    double sum = 0;
    for (std::int64_t i = 0; i < 12; ++i) {
        const double difference = numbers(prediction)[i] - numbers(target)[i];
        sum += difference * difference;
        CHECK_THAT(numbers(d_prediction)[i], WithinRel(numbers(d_loss)[0] * 2 * difference / 12, 1e-12));
    }
    CHECK_THAT(numbers(loss)[0], WithinRel(sum / 12, 1e-12));
}

TEST_CASE("adamw takes the steps of its definition, and a long gradient is shortened") {
    Store<double> store(DType::f64);
    const Tensor gradient = store.take(1, 6), parameters = store.take(1, 6), norm = store.take(1, 1);
    const Tensor first = store.take(1, 6, 0, 0), second = store.take(1, 6, 0, 0);
    NaiveBackend backend;
    constexpr double kRate = 0.01, kDecay = 0.1, kClip = 1;
    std::vector<double> w(numbers(parameters), numbers(parameters) + 6), m(6, 0), v(6, 0);
    std::mt19937 random(3);
    std::normal_distribution<double> normal;
    for (std::int64_t step = 1; step <= 5; ++step) {
        const double size = step % 2 == 0 ? 10 : 0.01;  // longer and shorter than the limit
        double square = 0;
        for (std::int64_t i = 0; i < 6; ++i) {
            numbers(gradient)[i] = size * normal(random);
            square += numbers(gradient)[i] * numbers(gradient)[i];
        }
        backend.run("update", SumSquares{.from = gradient, .to = norm});
        CHECK_THAT(numbers(norm)[0], WithinRel(square, 1e-12));
        backend.run("update", AdamW{.gradient = gradient,
                                    .square_norm = norm,
                                    .parameters = parameters,
                                    .first_moment = first,
                                    .second_moment = second,
                                    .rate = kRate,
                                    .decay = kDecay,
                                    .clip = kClip,
                                    .step = step});
        for (std::size_t i = 0; i < 6; ++i) {
            const double g = numbers(gradient)[i] * std::min(1.0, kClip / std::sqrt(square));
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.999 * v[i] + 0.001 * g * g;
            const double m_hat = m[i] / (1 - std::pow(0.9, static_cast<double>(step)));
            const double v_hat = v[i] / (1 - std::pow(0.999, static_cast<double>(step)));
            w[i] -= kRate * (m_hat / (std::sqrt(v_hat) + 1e-8) + kDecay * w[i]);
            CHECK_THAT(numbers(parameters)[i], WithinRel(w[i], 1e-12));
        }
    }
}
