// The exponential of the simd kernels on every instruction set of this processor.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "harness/backend/simd/kernels.hpp"
#include "tests/backend/every_target.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using namespace headcount::testing;

TEST_CASE("the exponential is within 4 ulp wherever weights are normal numbers, exact for whole numbers") {
    on_every_target([] {
        std::vector<float> x;
        for (float e = 0; e >= -126; e -= 1) x.push_back(e);
        const std::size_t whole = x.size();
        for (std::uint32_t bits = 0; bits < 0x42FC0000U; bits += 1009) {  // -0 .. -126
            float e = 0;
            const std::uint32_t negative = bits | 0x80000000U;
            std::memcpy(&e, &negative, sizeof e);
            x.push_back(e);
        }
        std::vector<float> y = x;
        simd::exp2_all(y.data(), static_cast<std::int64_t>(y.size()));
        double worst = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double exact = std::exp2(static_cast<double>(x[i]));
            const double ulp = std::exp2(std::floor(std::log2(exact)) - 23);
            worst = std::max(worst, std::abs(static_cast<double>(y[i]) - exact) / ulp);
            if (i < whole) REQUIRE(static_cast<double>(y[i]) == exact);
        }
        CAPTURE(worst);
        REQUIRE(worst <= 4);
        REQUIRE(worst > 0.5);  // it is this polynomial that was asked, not the library's
        std::vector<float> edges{-127, -1e30F, -std::numeric_limits<float>::max(), -INFINITY};
        simd::exp2_all(edges.data(), 4);
        for (const float y_edge : edges) REQUIRE(y_edge <= 1.2e-38F);
        // Whatever bits a NaN carries: those that the scaling by 2^n would read as n are among them.
        std::vector<float> nans{NAN, -NAN, std::nanf("1"), std::nanf("511"), -std::nanf("256"), std::nanf("0x3fffff")};
        simd::exp2_all(nans.data(), static_cast<std::int64_t>(nans.size()));
        for (const float y_nan : nans) REQUIRE(std::isnan(y_nan));
    });
}
