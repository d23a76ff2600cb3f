// Equivalence, Holm's correction, combination of verdicts, exponents.
#include "harness/stats/decision.hpp"

#include <cmath>

#include "harness/core/error.hpp"
#include "harness/stats/fit.hpp"
#include "harness/stats/paired.hpp"
#include "tests/catch.hpp"

using namespace headcount;

TEST_CASE("equivalence needs the whole interval inside the margin") {
    CHECK(equivalence({.estimate = 1, .low = 0.99, .high = 1.01}, 0.98, 1.02) == Status::supported);
    CHECK(equivalence({.estimate = 1, .low = 0.97, .high = 1.01}, 0.98, 1.02) == Status::inconclusive);
    CHECK(equivalence({.estimate = 1.1, .low = 1.03, .high = 1.2}, 0.98, 1.02) == Status::refuted);
    CHECK(equivalence({.estimate = 0.9, .low = 0.85, .high = 0.95}, 0.98, 1.02) == Status::refuted);
    CHECK(equivalence({.estimate = 1.1, .low = 1.01, .high = 1.2}, 0.98, 1.02) == Status::inconclusive);
    CHECK(equivalence({.estimate = 1}, 0.98, 1.02) == Status::inconclusive);
}

TEST_CASE("Holm multiplies the smallest p-value by all, the next by one fewer, and never falls") {
    CHECK(holm(std::vector<double>{}).empty());
    const std::vector<double> adjusted = holm(std::vector<double>{0.04, 0.01, 0.03, 0.9});
    CHECK(adjusted[1] == Approx(0.04));
    CHECK(adjusted[2] == Approx(0.09));
    CHECK(adjusted[0] == Approx(0.09));
    CHECK(adjusted[3] == Approx(0.9));
    CHECK(holm(std::vector<double>{0.6, 0.6})[0] == 1);
}

TEST_CASE("a summary is supported only if all are and refuted if any is") {
    using enum Status;
    CHECK(combine(std::vector{supported, supported}) == supported);
    CHECK(combine(std::vector{supported, inconclusive}) == inconclusive);
    CHECK(combine(std::vector{supported, inconclusive, refuted}) == refuted);
    CHECK(combine(std::vector<Status>{}) == inconclusive);
}

TEST_CASE("a paired ratio does not see a drift that both points share") {
    std::vector<double> base, slower;
    for (int i = 0; i < 20; ++i) {
        base.push_back(std::exp(0.2 * i));
        slower.push_back(1.25 * base.back());
    }
    const Interval ratio = PairedRatio(slower, base).interval();
    CHECK(ratio.estimate == Approx(1.25));
    CHECK(ratio.width() < 1e-12);
    CHECK(relative_ci_width(slower, base) < 1e-12);
    CHECK_THROWS_AS(PairedRatio(slower, std::vector<double>(3, 1.0)), Error);
    CHECK_THROWS_AS(PairedRatio(std::vector<double>{0}, std::vector<double>{1}), Error);
}

TEST_CASE("where points share no rounds the slope comes from their centres, and its interval from theirs") {
    const std::vector<double> x{100, 200, 400};
    std::vector<std::vector<double>> samples(3);
    for (int i = 0; i < 12; ++i) {
        const double noise = std::exp(0.02 * ((i * 5) % 12 - 5.5));
        for (std::size_t k = 0; k < 3; ++k) samples[k].push_back(x[k] * x[k] * noise);
    }
    const Interval slope = slope_of_centres(x, samples);
    CHECK(slope.estimate == Approx(2));
    CHECK(slope.bounded());
    std::vector<double> logs;
    for (const double time : samples[0]) logs.push_back(std::log(time));
    // Both ends turn the line with weight 1 / (2 log 2), the middle does not.
    const Interval one = SignedRank(logs).interval();
    CHECK(slope.high - slope.estimate ==
          Approx(std::hypot(one.high - one.estimate, one.estimate - one.low) / (2 * std::log(2))));
    samples[1].resize(3);  // the middle point's scatter plays no part
    CHECK(slope_of_centres(x, samples).bounded());
    samples[2].resize(3);
    CHECK_FALSE(slope_of_centres(x, samples).bounded());
    samples[2][0] = 0;
    CHECK_THROWS_AS(slope_of_centres(x, samples), Error);
}

TEST_CASE("a power law gives back its exponent") {
    const std::vector<double> x{128, 256, 512, 1024};
    std::vector<double> y, curved;
    for (double value : x) {
        y.push_back(3 * value * value);
        curved.push_back(3 * value * value + 200 * value);
    }
    CHECK(log_log_slope(x, y) == Approx(2));
    CHECK(log_log_slope_interval(x, y).width() < 1e-6);
    const Interval wide = log_log_slope_interval(x, curved);
    CHECK(wide.estimate < 2);
    CHECK(wide.width() > 0.05);
    CHECK(std::isinf(log_log_slope_interval(std::vector<double>{1, 2}, std::vector<double>{1, 2}).low));
    CHECK_THROWS_AS(log_log_slope(std::vector<double>{2, 2}, std::vector<double>{1, 2}), Error);
    CHECK_THROWS_AS(log_log_slope(std::vector<double>{1, 2}, std::vector<double>{0, 2}), Error);

    std::vector<std::vector<double>> rounds;
    for (int round = 0; round < 10; ++round) {
        rounds.push_back(y);
        for (double& value : rounds.back()) value *= 1 + round;  // a drift from round to round
    }
    CHECK(slopes_by_round(x, rounds).interval().estimate == Approx(2));
    CHECK(slopes_by_round(x, rounds).interval().width() < 1e-6);
}
