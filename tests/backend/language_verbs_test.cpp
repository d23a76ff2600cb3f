// Verbs that models of language add: counts, derivatives by finite differences, and every backend against the loops.
#include <cmath>
#include <functional>
#include <vector>

#include "harness/backend/naive_backend.hpp"
#include "harness/backend/verbs/cross_entropy.hpp"
#include "harness/backend/verbs/gather_rows.hpp"
#include "harness/backend/verbs/gelu.hpp"
#include "harness/backend/verbs/layer_norm.hpp"
#include "tests/backend/twins.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using namespace headcount::testing;
using Catch::Matchers::WithinAbs;

namespace {

Tensor over(std::vector<double>& values, std::int64_t rows, std::int64_t cols) {
    return dense(values.data(), DType::f64, {1, 1, 1, rows, cols});
}

/// Numbers that differ, about one large.
std::vector<double> some(std::size_t n, double seed) {
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i) values[i] = std::sin(3.7 * static_cast<double>(i) + seed) * 1.3;
    return values;
}

/// d value() / d x, each number alone.
std::vector<double> slopes(std::vector<double>& x, const std::function<double()>& value) {
    constexpr double kStep = 1e-6;
    std::vector<double> result;
    for (double& number : x) {
        const double here = number;
        number = here + kStep;
        const double above = value();
        number = here - kStep;
        const double below = value();
        number = here;
        result.push_back((above - below) / (2 * kStep));
    }
    return result;
}

void check_equal(const std::vector<double>& found, const std::vector<double>& expected) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) CHECK_THAT(found[i], WithinAbs(expected[i], 1e-8));
}

std::vector<double> sum(std::vector<double> a, const std::vector<double>& b) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
    return a;
}

}  // namespace

TEST_CASE("derivatives of layer_norm are those of finite differences, alone and added to others") {
    std::vector<double> x = some(15, 0), gain = some(5, 1), shift = some(5, 2), weights = some(15, 3), y(15);
    NaiveBackend backend;
    const LayerNorm norm{.epsilon = 1e-3,
                         .from = over(x, 3, 5),
                         .gain = over(gain, 1, 5),
                         .shift = over(shift, 1, 5),
                         .to = over(y, 3, 5)};
    const auto value = [&] {
        backend.run("x", norm);
        double total = 0;
        for (std::size_t i = 0; i < y.size(); ++i) total += weights[i] * y[i];
        return total;
    };
    for (const bool added : {false, true}) {
        std::vector<double> dx = some(15, 4), d_gain = some(5, 5), d_shift = some(5, 6);
        const auto before = [&](const std::vector<double>& d) {
            return added ? d : std::vector<double>(d.size(), 0.0);
        };
        const std::vector<double> x0 = before(dx), gain0 = before(d_gain), shift0 = before(d_shift);
        backend.run("x", LayerNormVjp{.epsilon = norm.epsilon,
                                      .from = norm.from,
                                      .gain = norm.gain,
                                      .d_to = over(weights, 3, 5),
                                      .d_from = over(dx, 3, 5),
                                      .d_gain = over(d_gain, 1, 5),
                                      .d_shift = over(d_shift, 1, 5),
                                      .add_to_from = added,
                                      .add_to_gain = added,
                                      .add_to_shift = added});
        check_equal(dx, sum(slopes(x, value), x0));
        check_equal(d_gain, sum(slopes(gain, value), gain0));
        check_equal(d_shift, sum(slopes(shift, value), shift0));
    }
}

TEST_CASE(
    "cross_entropy is minus the logarithm of the share of the right class, and its derivative that of differences") {
    std::vector<double> scores = some(12, 0), classes{2, 0, 3}, loss(1), d_loss{0.7}, d_scores(12);
    scores[1] = 60;  // far from the others
    NaiveBackend backend;
    const CrossEntropy verb{.scores = over(scores, 3, 4), .classes = over(classes, 3, 1), .loss = over(loss, 1, 1)};
    const auto value = [&] {
        backend.run("x", verb);
        return d_loss[0] * loss[0];
    };
    double expected = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        double all = 0;
        for (std::size_t j = 0; j < 4; ++j) all += std::exp(scores[4 * i + j]);
        expected -= std::log(std::exp(scores[4 * i + static_cast<std::size_t>(classes[i])]) / all) / 3;
    }
    value();
    CHECK_THAT(loss[0], WithinAbs(expected, 1e-12));
    backend.run("x", CrossEntropyVjp{.scores = verb.scores,
                                     .classes = verb.classes,
                                     .d_loss = over(d_loss, 1, 1),
                                     .d_scores = over(d_scores, 3, 4)});
    check_equal(d_scores, slopes(scores, value));
}

TEST_CASE("gathered rows are those of the table, and derivatives go back to them") {
    std::vector<double> table = some(12, 0), ids{3, 0, 3}, to(9), d_to = some(9, 1);
    NaiveBackend backend;
    const GatherRows verb{.table = over(table, 4, 3), .ids = over(ids, 3, 1), .to = over(to, 3, 3)};
    backend.run("x", verb);
    for (std::size_t j = 0; j < 3; ++j) {
        CHECK(to[j] == table[9 + j]);
        CHECK(to[3 + j] == table[j]);
        CHECK(to[6 + j] == table[9 + j]);
    }
    for (const bool added : {false, true}) {
        std::vector<double> d_table = some(12, 2);
        const std::vector<double> before = added ? d_table : std::vector<double>(12, 0.0);
        backend.run(
            "x", GatherRowsVjp{
                     .ids = verb.ids, .d_to = over(d_to, 3, 3), .d_table = over(d_table, 4, 3), .accumulate = added});
        for (std::size_t j = 0; j < 3; ++j) {
            CHECK(d_table[j] == Approx(before[j] + d_to[3 + j]));
            CHECK(d_table[3 + j] == before[3 + j]);
            CHECK(d_table[9 + j] == Approx(before[9 + j] + d_to[j] + d_to[6 + j]));
        }
    }
}

TEST_CASE("verbs of language are the same on every backend") {
    for_each_real_backend([](Backend& backend) {
        constexpr double kTolerance = 2e-5;
        NaiveBackend exact;
        TwinStore store(3);
        for (const std::int64_t cols : {2, 7, 16, 64, 257}) {
            for (int layout = 0; layout < 3; ++layout) {
                const auto both = [&](const auto& verb_on) {
                    backend.run("x", verb_on([](const Twins& t) { return t.fast; }));
                    exact.run("x", verb_on([](const Twins& t) { return t.exact; }));
                };
                const auto take = [&] { return store.take({2, 1, 1, 9, cols}, layout); };
                const auto take_row = [&] { return store.take({1, 1, 1, 1, cols}, 0); };
                const Twins x = take(), y = take(), dy = take(), dx = take();
                both([&](auto of) { return Gelu{.from = of(x), .to = of(y)}; });
                CHECK(worst_difference(y) < kTolerance);
                const Twins gain = take_row(), d_gain = take_row(), d_shift = take_row();
                for (const bool add : {false, true}) {
                    both([&](auto of) {
                        return GeluVjp{.from = of(x), .d_to = of(dy), .d_from = of(dx), .accumulate = add};
                    });
                    CHECK(worst_difference(dx) < kTolerance);
                    both([&](auto of) {
                        return LayerNormVjp{.epsilon = 1e-2,
                                            .from = of(x),
                                            .gain = of(gain),
                                            .d_to = of(dy),
                                            .d_from = of(dx),
                                            .d_gain = of(d_gain),
                                            .d_shift = of(d_shift),
                                            .add_to_from = add,
                                            .add_to_gain = add,
                                            .add_to_shift = add};
                    });
                    for (const Twins* t : {&dx, &d_gain, &d_shift}) CHECK(worst_difference(*t) < 10 * kTolerance);
                }
                const Twins classes = store.take({2, 1, 1, 9, 1}, 0), loss = store.take({1, 1, 1, 1, 1}, 0);
                for (std::int64_t i = 0; i < 18; ++i) {
                    const double right = static_cast<double>(i * 5 % cols);
                    static_cast<float*>(classes.fast.data)[i] = static_cast<float>(right);
                    static_cast<double*>(classes.exact.data)[i] = right;
                }
                both([&](auto of) { return CrossEntropy{.scores = of(x), .classes = of(classes), .loss = of(loss)}; });
                CHECK(worst_difference(loss) < kTolerance);
                both([&](auto of) {
                    return CrossEntropyVjp{
                        .scores = of(x), .classes = of(classes), .d_loss = of(loss), .d_scores = of(dx)};
                });
                CHECK(worst_difference(dx) < kTolerance);
            }
        }
    });
}
