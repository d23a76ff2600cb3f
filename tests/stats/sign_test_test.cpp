// The interval and the tests of a median by signs.
#include "harness/stats/sign_test.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include "tests/catch.hpp"

using namespace headcount;

TEST_CASE("the sign test counts the values on each side") {
    const std::vector<double> values{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    const SignTest signs(values, 1);
    // binom.test(2, 10), binom.test(9, 10): sums of binomial coefficients over 2^10.
    CHECK(signs.p_at_least(8.5) == Approx(56.0 / 1024));
    CHECK(signs.p_at_most(8.5) == Approx(1013.0 / 1024));
    CHECK(signs.p_at_least(11) == Approx(1.0 / 1024));
    CHECK(signs.p_at_most(0) == Approx(1.0 / 1024));
    // A value that equals the bound speaks for the hypothesis.
    CHECK(signs.p_at_least(8) == Approx(176.0 / 1024));
    CHECK(signs.p_at_most(8) == Approx(1013.0 / 1024));
    // P(B <= 1) = 11 / 1024 <= 0.025 < P(B <= 2): from the second to the last but one.
    CHECK(signs.interval(0.95).low == 2);
    CHECK(signs.interval(0.95).high == 9);
    CHECK_FALSE(SignTest({1, 2, 3, 4, 5}, 1).interval(0.95).bounded());
    CHECK(SignTest({1, 2, 3, 4, 5, 6}, 1).interval(0.95).bounded());
}

TEST_CASE("a bound is rejected where the interval does not reach it") {
    std::mt19937_64 random(5);
    std::exponential_distribution<double> draw(1);
    for (const double widening : {1.0, 1.7}) {
        for (const std::size_t n : {6U, 11U, 30U}) {
            std::vector<double> values(n);
            for (double& value : values) value = draw(random);
            std::ranges::sort(values);
            const SignTest signs(values, widening);
            const Interval interval = signs.interval(0.95);
            REQUIRE(interval.bounded());
            CHECK(signs.p_at_least(interval.high + 1e-9) <= 0.025);
            CHECK(signs.p_at_least(interval.high - 1e-9) > 0.025);
            CHECK(signs.p_at_most(interval.low - 1e-9) <= 0.025);
            CHECK(signs.p_at_most(interval.low + 1e-9) > 0.025);
            const Interval narrow = SignTest(values, 1).interval(0.95);
            CHECK(interval.width() == Approx(widening * narrow.width()));
        }
    }
}
