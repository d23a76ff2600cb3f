// Diagnostics of shape: a known statistic, the rates at which they reject what is true and what is not.
#include "harness/stats/shape.hpp"

#include <cmath>
#include <random>
#include <vector>

#include "tests/catch.hpp"

using namespace headcount;

namespace {

template <class Draw>
double rejected(std::size_t n, double (*p_value)(std::span<const double>), Draw draw) {
    constexpr int kExperiments = 4000;
    std::mt19937_64 random(7);
    int count = 0;
    for (int i = 0; i < kExperiments; ++i) {
        std::vector<double> samples(n);
        for (double& sample : samples) sample = draw(random);
        if (p_value(samples) < 0.05) ++count;
    }
    return static_cast<double>(count) / kExperiments;
}

double normal(std::mt19937_64& random) { return std::normal_distribution<double>(10, 2)(random); }
double skewed(std::mt19937_64& random) { return std::exp(std::normal_distribution<double>(0, 1.2)(random)); }

}  // namespace

TEST_CASE("normal samples are called not normal as often as the level says, skewed ones nearly always") {
    for (const std::size_t n : {10U, 20U, 40U, 80U}) {
        CHECK(rejected(n, normality_p_value, normal) == Approx(0.05).margin(0.015));
    }
    CHECK(rejected(40, normality_p_value, skewed) > 0.99);
    CHECK(rejected(40, normality_p_value,
                   [](std::mt19937_64& random) { return std::uniform_real_distribution<double>(0, 1)(random); }) > 0.3);
}

TEST_CASE("symmetric samples are called skewed as often as the level says, skewed ones mostly") {
    for (const std::size_t n : {10U, 20U, 40U}) {
        CHECK(rejected(n, symmetry_p_value, normal) == Approx(0.05).margin(0.02));
    }
    CHECK(rejected(40, symmetry_p_value, skewed) > 0.8);
}

TEST_CASE("what has no shape has no diagnosis") {
    const std::vector<double> few{1, 2, 3, 4, 5, 6, 7}, equal(20, 3.0);
    CHECK(normality_p_value(few) == 1);
    CHECK(normality_p_value(equal) == 1);
    CHECK(symmetry_p_value(few) == 1);
    CHECK(symmetry_p_value(equal) == 1);
    std::vector<double> outlier(200, 1.0);
    for (std::size_t i = 0; i < outlier.size(); ++i) outlier[i] += 1e-3 * static_cast<double>(i % 7);
    outlier.back() = 1e6;
    CHECK(normality_p_value(outlier) < 1e-6);
}
