// The vectorised softmax loops against the standard library in double precision.
#include "harness/backend/vector_math.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "tests/catch.hpp"

using namespace headcount;

namespace {

template <class T>
double worst_ulps(double lowest) {
    std::mt19937_64 random(1);
    std::uniform_real_distribution<double> uniform(lowest, 0);
    double worst = 0;
    for (int i = 0; i < 20000; ++i) {
        const T x = static_cast<T>(uniform(random));
        T y = x;
        vector_math::exp_and_sum(&y, 1, T{0});
        const double exact = std::exp(static_cast<double>(x));
        const double ulp = static_cast<double>(std::nextafter(static_cast<T>(exact), T{2})) -
                           static_cast<double>(static_cast<T>(exact));
        worst = std::max(worst, std::abs(static_cast<double>(y) - exact) / ulp);
    }
    return worst;
}

/// Largest error over every `stride`-th float from -0 to minus infinity; results that are no normal numbers must be
/// zero instead.
double worst_ulps_of_floats(std::uint32_t stride) {
    constexpr std::uint32_t kMinusZero = 0x80000000U, kMinusInfinity = 0xFF800000U;
    constexpr std::size_t kChunk = 4096;
    double worst = 0;
    std::vector<float> x, y;
    for (std::uint64_t bits = kMinusZero; bits <= kMinusInfinity;) {
        x.clear();
        for (; bits <= kMinusInfinity && x.size() < kChunk; bits += stride) {
            x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
        }
        y = x;
        vector_math::exp_and_sum(y.data(), static_cast<std::int64_t>(y.size()), 0.0F);
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double exact = std::exp(static_cast<double>(x[i])), computed = static_cast<double>(y[i]);
            if (exact < static_cast<double>(std::numeric_limits<float>::min())) {
                worst = computed == 0 ? worst : INFINITY;
                continue;
            }
            const double ulp = std::ldexp(1.0, std::ilogb(exact) - 23);
            worst = std::max(worst, std::abs(computed - exact) / ulp);
        }
    }
    return worst;
}

template <class T>
void check_lengths() {
    std::mt19937_64 random(2);
    std::normal_distribution<double> normal(0, 3);
    for (std::int64_t n = 1; n <= 70; ++n) {
        // One element beyond must stay as it is.
        std::vector<T> x(static_cast<std::size_t>(n) + 1);
        for (T& value : x) value = static_cast<T>(normal(random));
        const std::vector<T> before = x;
        const T peak = vector_math::row_max(x.data(), n);
        REQUIRE(peak == *std::max_element(x.begin(), x.end() - 1));
        const T sum = vector_math::exp_and_sum(x.data(), n, peak);
        double exact_sum = 0;
        for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
            const double exact = std::exp(static_cast<double>(before[i] - peak));
            REQUIRE(static_cast<double>(x[i]) == Approx(exact).epsilon(4 * std::numeric_limits<T>::epsilon()));
            exact_sum += exact;
        }
        REQUIRE(static_cast<double>(sum) == Approx(exact_sum).epsilon(70 * std::numeric_limits<T>::epsilon()));
        const std::vector<T> unscaled = x;
        vector_math::scale(x.data(), n, T{3});
        for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) REQUIRE(x[i] == 3 * unscaled[i]);
        REQUIRE(x.back() == before.back());
    }
}

}  // namespace

TEST_CASE("exp is within four units in the last place, over all of its range") {
    REQUIRE(worst_ulps_of_floats(1009) <= 4);
    REQUIRE(worst_ulps<double>(-680) < 4);
}

TEST_CASE("exp of every float that is not positive is within four units in the last place", "[.exhaustive]") {
    const double worst = worst_ulps_of_floats(1);
    UNSCOPED_INFO(worst << " ulp");
    CHECK(worst <= 4);
}

TEST_CASE("what is not a number stays so, wherever it stands in a row") {
    for (std::size_t at = 0; at < 37; ++at) {
        std::vector<float> x(37, -1.0F);
        x[at] = std::nanf("1");
        REQUIRE(std::isnan(vector_math::exp_and_sum(x.data(), 37, 0.0F)));
        REQUIRE(std::isnan(x[at]));
        std::vector<double> y(37, -1.0);
        y[at] = std::nan("1");
        REQUIRE(std::isnan(vector_math::exp_and_sum(y.data(), 37, 0.0)));
        REQUIRE(std::isnan(y[at]));
    }
}

TEST_CASE("every length is served, remainders included, and nothing beyond it is touched") {
    check_lengths<float>();
    check_lengths<double>();
}

TEST_CASE("far negative differences give zero, not a number out of range") {
    std::vector<float> x{0.0F, -100.0F, -1e4F, -3e38F};
    REQUIRE(vector_math::exp_and_sum(x.data(), 4, 0.0F) == Approx(1.0F));
    REQUIRE(x[0] == 1.0F);
    for (std::size_t i = 1; i < 4; ++i) {
        REQUIRE(x[i] >= 0.0F);
        REQUIRE(x[i] < 1e-37F);
    }
}

TEST_CASE("the instruction set in use has a name") { REQUIRE(std::string(vector_math::target_name()) != ""); }
