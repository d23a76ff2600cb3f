// The signed-rank distribution, the Hodges-Lehmann estimate, and the tests that belong to the interval.
#include "harness/stats/signed_rank.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "harness/core/error.hpp"
#include "tests/catch.hpp"

using namespace headcount;

TEST_CASE("the signed-rank distribution is what enumeration of all signs gives") {
    for (std::size_t n : {1U, 3U, 7U, 10U}) {
        for (std::size_t t = 0; t <= n * (n + 1) / 2; ++t) {
            std::size_t at_most = 0;
            for (std::size_t signs = 0; signs < (1U << n); ++signs) {
                std::size_t sum = 0;
                for (std::size_t i = 0; i < n; ++i) sum += (signs >> i & 1U) * (i + 1);
                at_most += sum <= t ? 1U : 0U;
            }
            CHECK(signed_rank_cdf(static_cast<double>(t), n) ==
                  Approx(static_cast<double>(at_most) / static_cast<double>(1U << n)));
        }
    }
}

TEST_CASE("where the normal approximation takes over it has become as good as the exact distribution") {
    const double n = 100;
    const double mean = n * (n + 1) / 4;
    const double deviation = std::sqrt(n * (n + 1) * (2 * n + 1) / 24);
    for (double t = 0; t <= 2 * mean; t += 1) {
        const double normal = std::erfc(-(t + 0.5 - mean) / deviation / std::sqrt(2.0)) / 2;
        CHECK(std::abs(signed_rank_cdf(t, 100) - normal) < 1e-3);
    }
    CHECK(signed_rank_cdf(101 * 102 / 4, 101) == Approx(0.5).margin(1e-3));
}

TEST_CASE("Hodges-Lehmann is the median of all pairwise means, found without storing them") {
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> draw(0, 1);
    for (std::size_t n : {1U, 2U, 5U, 12U, 33U}) {
        std::vector<double> values(n);
        for (double& value : values) value = draw(random);
        std::vector<double> means;
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = i; j < n; ++j) means.push_back((values[i] + values[j]) / 2);
        }
        CHECK(SignedRank(values).estimate() == Approx(median(means)).epsilon(1e-12));
    }
}

TEST_CASE("the interval of ten values is bounded by the ninth smallest and the ninth largest pairwise mean") {
    // wilcox.test(1:10 squared, conf.int = TRUE): P(T <= 8) = 0.0244 <= 0.025 < P(T <= 9).
    const std::vector<double> values{1, 100, 4, 81, 9, 64, 16, 49, 25, 36};  // no order to correlate with
    std::vector<double> means;
    for (std::size_t i = 0; i < 10; ++i) {
        for (std::size_t j = i; j < 10; ++j) means.push_back((values[i] + values[j]) / 2);
    }
    std::ranges::sort(means);
    const SignedRank ranks(values);
    REQUIRE(ranks.block_length() == 1);
    const auto narrowed = [&](double end) { return ranks.estimate() + (end - ranks.estimate()) / ranks.widening(); };
    CHECK(narrowed(ranks.interval().low) == Approx(means[8]));
    CHECK(narrowed(ranks.interval().high) == Approx(means[means.size() - 9]));
}

TEST_CASE("fewer than six values have no 95 % interval, and say so") {
    const Interval five = SignedRank(std::vector<double>{1, 2, 3, 4, 5}).interval();
    CHECK(std::isinf(five.low));
    CHECK(std::isinf(five.high));
    CHECK(five.estimate == 3);
    CHECK(std::isfinite(SignedRank(std::vector<double>{1, 6, 2, 5, 3, 4}).interval().low));
}

TEST_CASE("p-values and interval are the same statement") {
    std::mt19937_64 random(11);
    std::normal_distribution<double> draw(0.3, 1);
    for (int repeat = 0; repeat < 50; ++repeat) {
        std::vector<double> values(16);
        for (double& value : values) value = draw(random);
        const SignedRank ranks(values);
        const Interval interval = ranks.interval();
        const double step = 1e-6;
        CHECK(ranks.p_at_least(interval.high + step) <= 0.025);
        CHECK(ranks.p_at_least(interval.high - step) > 0.025);
        CHECK(ranks.p_at_most(interval.low - step) <= 0.025);
        CHECK(ranks.p_at_most(interval.low + step) > 0.025);
    }
}

TEST_CASE("identical values give an interval without width") {
    const SignedRank ranks(std::vector<double>(12, 0.25));
    CHECK(ranks.interval().low == 0.25);
    CHECK(ranks.interval().high == 0.25);
    CHECK(ranks.p_at_least(0.3) == Approx(std::pow(0.5, 12)));
    CHECK(ranks.p_at_least(0.2) == 1);
}

TEST_CASE("the order of independent draws decides nothing, and their interval covers as often as it says") {
    const std::vector<double> rising{1, 2, 3, 4, 5, 6, 7, 8}, mixed{5, 1, 8, 3, 2, 7, 4, 6};
    const Interval one = SignedRank(rising, Draws::independent).interval(),
                   other = SignedRank(mixed, Draws::independent).interval();
    CHECK(one.low == other.low);
    CHECK(one.high == other.high);
    CHECK(SignedRank(rising).interval().width() > 1.5 * one.width());  // in time they would be a drift
    CHECK(one.low >= 1);
    CHECK(one.high <= 8);
    std::mt19937_64 random(11);
    std::normal_distribution<double> normal;
    constexpr int kExperiments = 4000;
    int covered = 0;
    for (int i = 0; i < kExperiments; ++i) {
        std::vector<double> values(8);
        for (double& x : values) x = normal(random);
        covered += SignedRank(values, Draws::independent).interval().contains(0) ? 1 : 0;
    }
    // Exact: 1 - 2 P(T <= 3) = 0.9609.
    CHECK(static_cast<double>(covered) / kExperiments == Approx(0.9609).margin(0.012));
}

TEST_CASE("values that are absent or not finite are refused") {
    CHECK_THROWS_AS(SignedRank(std::vector<double>{}), Error);
    CHECK_THROWS_AS(SignedRank(std::vector<double>{1, std::nan("")}), Error);
}

namespace {

/// Values whose logarithms lean far to the right, and whose median is 0.
std::vector<double> skewed_values(std::mt19937_64& random, std::size_t n) {
    std::exponential_distribution<double> draw(1);
    std::vector<double> values(n);
    for (double& value : values) value = draw(random) - std::log(2.0);
    return values;
}

}  // namespace

TEST_CASE("of skewed values the interval holds the interval of the median, and tests take the larger p-value") {
    std::mt19937_64 random(23);
    int skewed = 0;
    for (int i = 0; i < 50; ++i) {
        std::vector<double> values = skewed_values(random, 40);
        const SignedRank ranks(values, Draws::independent);
        if (!ranks.skewed()) continue;
        ++skewed;
        std::ranges::sort(values);
        const SignTest signs(values, 1);
        for (const double confidence : {0.8, 0.95, 0.999}) {
            CHECK(ranks.interval(confidence).low <= signs.interval(confidence).low);
            CHECK(ranks.interval(confidence).high >= signs.interval(confidence).high);
            CHECK(ranks.interval(confidence).contains(ranks.estimate()));
        }
        for (const double bound : {-0.3, 0.0, 0.1, 0.5}) {
            CHECK(ranks.p_at_least(bound) >= signs.p_at_least(bound));
            CHECK(ranks.p_at_most(bound) >= signs.p_at_most(bound));
        }
    }
    CHECK(skewed > 40);
}

TEST_CASE("the median of skewed values is covered as often as promised") {
    std::mt19937_64 random(29);
    constexpr int kExperiments = 4000;
    for (const std::size_t n : {8U, 10U, 12U, 13U, 20U, 40U, 80U}) {
        int covered = 0, without = 0;
        for (int i = 0; i < kExperiments; ++i) {
            const std::vector<double> values = skewed_values(random, n);
            const SignedRank ranks(values, Draws::independent);
            covered += ranks.interval().contains(0) ? 1 : 0;
            without += ranks.skewed() ? 0 : 1;
        }
        INFO(n << " values: " << covered << " covered, " << without << " not seen to be skewed");
        CHECK(covered > 0.93 * kExperiments);
    }
}

TEST_CASE("symmetric values keep their interval, but for one sample in ten") {
    std::mt19937_64 random(31);
    std::normal_distribution<double> draw(0, 1);
    int skewed = 0;
    for (int i = 0; i < 1000; ++i) {
        std::vector<double> values(40);
        for (double& value : values) value = draw(random);
        skewed += SignedRank(values, Draws::independent).skewed() ? 1 : 0;
    }
    CHECK(skewed > 60);
    CHECK(skewed < 150);
}
