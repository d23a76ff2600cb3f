// Quantiles, rank intervals, autocorrelation and the flag for several modes.
#include "harness/stats/interval.hpp"

#include <cmath>
#include <numeric>
#include <random>

#include "harness/core/error.hpp"
#include "harness/stats/autocorrelation.hpp"
#include "harness/stats/modes.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

std::vector<double> shuffled(std::size_t n, unsigned seed) {
    std::vector<double> values(n);
    std::iota(values.begin(), values.end(), 1.0);
    std::mt19937_64 random(seed);
    std::shuffle(values.begin(), values.end(), random);
    return values;
}

}  // namespace

TEST_CASE("quantiles interpolate between order statistics") {
    const std::vector<double> values{4, 1, 3, 2};
    CHECK(median(values) == 2.5);
    CHECK(quantile(values, 0) == 1);
    CHECK(quantile(values, 1) == 4);
    CHECK(quantile(values, 0.05) == Approx(1.15));
    CHECK(median(std::vector<double>{7}) == 7);
    CHECK_THROWS_AS(median(std::vector<double>{}), Error);
}

TEST_CASE("the rank interval of a median has the ranks of the binomial tables") {
    // P(Binomial(n, 1/2) < r) <= 0.025: r = 1 for 6, 2 for 10, 6 for 20, 14 for 40, 31 for 80.
    for (const auto& [n, rank] : {std::pair{6U, 1.0}, {10U, 2.0}, {20U, 6.0}, {40U, 14.0}, {80U, 31.0}}) {
        unsigned seed = 1;
        std::vector<double> values = shuffled(n, seed);
        while (block_length(values) > 1) values = shuffled(n, ++seed);
        const Interval interval = median_interval(values);
        CHECK(interval.low == rank);
        CHECK(interval.high == n + 1 - rank);
    }
}

TEST_CASE("five samples have no rank interval") {
    const Interval interval = median_interval(std::vector<double>{1, 2, 3, 4, 5});
    CHECK(interval.estimate == 3);
    CHECK(std::isinf(interval.low));
    CHECK(std::isinf(relative_ci_width(interval)));
}

TEST_CASE("a drifting series has a wider interval than the same values shuffled") {
    std::vector<double> drifting(40);
    std::iota(drifting.begin(), drifting.end(), 1.0);
    CHECK(is_autocorrelated(drifting));
    CHECK(block_length(drifting) > 5);
    CHECK(median_interval(drifting).width() > 1.5 * median_interval(shuffled(40, 3)).width());
}

TEST_CASE("rounds that resemble each other leave a wide interval, not none") {
    for (const std::size_t n : {6U, 10U, 20U, 40U}) {
        INFO(n << " samples");
        std::vector<double> rising(n);
        std::iota(rising.begin(), rising.end(), 100.0);
        REQUIRE(block_length(rising) > 1.5);
        const Interval interval = median_interval(rising);
        CHECK(interval.bounded());
        CHECK(interval.low <= rising.front());
        CHECK(interval.high >= rising.back());
        CHECK(interval.low > 0);                                         // of times, in logarithms
        for (double& x : rising) x -= 100 + static_cast<double>(n) / 2;  // others may lie on both sides of zero
        CHECK(median_interval(rising).bounded());
    }
}

TEST_CASE("where ranks suffice they are the interval, as ever") {
    std::mt19937_64 random(11);
    std::normal_distribution<double> noise(0, 1);
    int within = 0;
    for (int i = 0; i < 200; ++i) {
        std::vector<double> values(40);
        for (double& x : values) x = noise(random);
        const Interval interval = median_interval(values);
        if (std::ranges::count(values, interval.low) == 1 && std::ranges::count(values, interval.high) == 1) ++within;
    }
    CHECK(within > 195);
}

TEST_CASE("one spike does not hide or feign autocorrelation") {
    std::vector<double> values = shuffled(20, 5);
    const double before = lag1_autocorrelation(values);
    *std::ranges::max_element(values) = 1e9;
    CHECK(lag1_autocorrelation(values) == before);
}

TEST_CASE("alternating and constant series are not widened") {
    std::vector<double> alternating(20);
    for (std::size_t i = 0; i < 20; ++i) alternating[i] = i % 2 == 0 ? 1.0 : 2.0;
    CHECK(lag1_autocorrelation(alternating) < -0.9);
    CHECK(block_length(alternating) == 1);
    CHECK(block_length(std::vector<double>(20, 3.0)) == 1);
    CHECK(block_length(std::vector<double>{1, 2, 3}) == 1);
}

TEST_CASE("two speeds are flagged, one speed with spikes is not") {
    std::mt19937_64 random(2);
    std::normal_distribution<double> noise(0, 0.01);
    std::vector<double> one(40), two(40), spikes(40);
    for (std::size_t i = 0; i < 40; ++i) {
        one[i] = 1 + noise(random);
        two[i] = (i % 3 == 0 ? 1.2 : 1.0) + noise(random);
        spikes[i] = 1 + noise(random) + (i == 7 || i == 20 ? 0.5 : 0.0);
    }
    CHECK_FALSE(has_several_modes(one));
    CHECK(has_several_modes(two));
    CHECK_FALSE(has_several_modes(spikes));
    CHECK_FALSE(has_several_modes(std::vector<double>(40, 1.0)));
}

TEST_CASE("one speed is rarely taken for two") {
    std::mt19937_64 random(3);
    std::normal_distribution<double> noise(0, 1);
    for (std::size_t n : {10U, 20U, 80U}) {
        int flagged = 0;
        for (int repeat = 0; repeat < 1000; ++repeat) {
            std::vector<double> values(n);
            for (double& value : values) value = noise(random);
            flagged += has_several_modes(values) ? 1 : 0;
        }
        CHECK(flagged <= 50);
    }
}

TEST_CASE("the median of skewed samples is covered by its rank interval") {
    constexpr int kExperiments = 2000;  // standard error of a coverage of 95 %: 0.5 %
    for (std::size_t n : {10U, 20U, 40U}) {
        INFO(n << " samples");
        std::mt19937_64 random(n);
        std::lognormal_distribution<double> draw(0, 1);
        int covered = 0;
        for (int i = 0; i < kExperiments; ++i) {
            std::vector<double> samples(n);
            for (double& x : samples) x = draw(random);
            covered += median_interval(samples).contains(1) ? 1 : 0;
        }
        CHECK(covered >= 0.935 * kExperiments);
        CHECK(covered <= 0.995 * kExperiments);
    }
}
