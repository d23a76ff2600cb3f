// Means of questions, the sign test, and the spread of a spectrum.
#include "harness/stats/bootstrap.hpp"

#include <cmath>
#include <vector>

#include "harness/core/error.hpp"
#include "harness/core/random.hpp"
#include "harness/stats/spectrum.hpp"
#include "tests/catch.hpp"

using namespace headcount;

TEST_CASE("the bootstrap interval covers the true share of hits as often as it says") {
    constexpr int kExperiments = 400;
    constexpr std::size_t kQuestions = 200;
    SplitMix64 random(11);
    int covered = 0;
    for (int i = 0; i < kExperiments; ++i) {
        std::vector<double> hits(kQuestions);
        for (double& hit : hits) hit = random.below(10) < 7 ? 1 : 0;
        covered += bootstrap_mean(hits).contains(0.7) ? 1 : 0;
    }
    // 95 % of 400 are 380, give or take 4.4; percentiles of 200 questions are a little narrow.
    CHECK(covered >= 362);
    CHECK(covered <= 396);
}

TEST_CASE("a mean of equal values has no width, and of none there is none") {
    const std::vector<double> same(9, 0.25);
    CHECK(bootstrap_mean(same).width() == 0);
    CHECK_THROWS_AS(bootstrap_mean({}), Error);
}

TEST_CASE("the test of a mean is Student's") {
    CHECK(mean_test(std::vector<double>{0.3}) == 1);
    CHECK(mean_test(std::vector<double>{0, 0, 0}) == 1);
    CHECK(mean_test(std::vector<double>{1, -1}) == Approx(1));
    // t = 3 with two degrees of freedom: 1 - 3 / sqrt(11).
    CHECK(mean_test(std::vector<double>{3 - std::sqrt(3.0), 3, 3 + std::sqrt(3.0)}) == Approx(1 - 3 / std::sqrt(11.0)));
}

TEST_CASE("the sign test is that of the binomial distribution") {
    CHECK(sign_test(0, 0) == 1);
    CHECK(sign_test(1, 1) == 1);
    CHECK(sign_test(0, 5) == Approx(2.0 / 32));
    CHECK(sign_test(8, 2) == Approx(2 * (1 + 10 + 45) / 1024.0));
}

TEST_CASE("the chance of few hits is that of the binomial distribution") {
    CHECK(chance_of_at_most(0, 200, 0.01) == Approx(std::pow(0.99, 200)));
    CHECK(chance_of_at_most(1, 3, 0.5) == Approx(0.5));
    CHECK(chance_of_at_most(-1, 3, 0.5) == 0);
    CHECK(chance_of_at_most(3, 3, 0.5) == 1);
}

TEST_CASE("the effective rank is the number of equal directions") {
    CHECK(effective_rank(std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0, 1}, 3) == Approx(3));
    CHECK(effective_rank(std::vector<double>(9, 1), 3) == Approx(1));
    CHECK(effective_rank(std::vector<double>{1, 1, 0, 1, 1, 0, 0, 0, 2}, 3) == Approx(2));
    CHECK(effective_rank(std::vector<double>{5}, 1) == Approx(1));
    CHECK_THROWS_AS(effective_rank(std::vector<double>{1, 2}, 2), Error);
}
