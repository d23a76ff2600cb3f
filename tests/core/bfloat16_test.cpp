// Storage in bf16: to nearest, ties to even, for every number there is.
#include "harness/core/bfloat16.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "harness/core/dtype.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

float number(std::uint32_t bits) { return std::bit_cast<float>(bits); }
std::uint16_t stored(std::uint32_t bits) { return BFloat16(number(bits)).bits(); }

}  // namespace

TEST_CASE("every bf16 number survives f32 and back") {
    for (std::uint32_t i = 0; i <= 0xffff; ++i) {
        const auto x = BFloat16::from_bits(static_cast<std::uint16_t>(i));
        const auto wide = static_cast<float>(x);
        if (std::isnan(wide)) {
            REQUIRE(std::isnan(static_cast<float>(BFloat16(wide))));
        } else {
            REQUIRE(BFloat16(wide).bits() == i);
        }
    }
}

TEST_CASE("halves go to the even neighbour, anything else to the nearer one") {
    REQUIRE(stored(0x3f800000) == 0x3f80);  // 1
    REQUIRE(stored(0x3f807fff) == 0x3f80);
    REQUIRE(stored(0x3f808000) == 0x3f80);  // half way, 0x3f80 is even
    REQUIRE(stored(0x3f808001) == 0x3f81);
    REQUIRE(stored(0x3f817fff) == 0x3f81);
    REQUIRE(stored(0x3f818000) == 0x3f82);  // half way, 0x3f81 is odd
    REQUIRE(stored(0xbf818000) == 0xbf82);  // signs round alike
    REQUIRE(stored(0x3fffffff) == 0x4000);  // into the next exponent
}

TEST_CASE("the ends: zeros, subnormals, infinity, overflow, NaN") {
    REQUIRE(stored(0) == 0);
    REQUIRE(stored(0x80000000) == 0x8000);
    REQUIRE(stored(0x00008000) == 0);  // half of the smallest subnormal
    REQUIRE(stored(0x00008001) == 1);
    REQUIRE(stored(0x007fffff) == 0x0080);  // the largest subnormal f32 becomes normal
    REQUIRE(stored(0x7f800000) == 0x7f80);
    REQUIRE(stored(0x7f7f7fff) == 0x7f7f);
    REQUIRE(stored(0x7f7f8000) == 0x7f80);  // half way beyond the largest number
    REQUIRE(stored(0xff7fffff) == 0xff80);
    // A NaN whose payload is in the lower half only must not become infinity.
    REQUIRE(std::isnan(static_cast<float>(BFloat16(number(0x7f800001)))));
    REQUIRE(std::isnan(static_cast<float>(BFloat16(number(0xffffffff)))));
}

TEST_CASE("no neighbour is nearer, and the error is at most 2^-8 of the number") {
    std::mt19937 random(5);
    double worst = 0;
    for (int i = 0; i < 200000; ++i) {
        const float x = number(static_cast<std::uint32_t>(random()));
        if (!std::isfinite(x) || std::abs(x) < std::numeric_limits<float>::min() || std::abs(x) > 3e38F) continue;
        const BFloat16 y(x);
        const auto distance = [&](int step) {
            const auto neighbour = BFloat16::from_bits(static_cast<std::uint16_t>(y.bits() + step));
            return std::abs(static_cast<double>(static_cast<float>(neighbour)) - static_cast<double>(x));
        };
        REQUIRE(distance(0) <= distance(1));
        REQUIRE(distance(0) <= distance(-1));
        worst = std::max(worst, distance(0) / std::abs(static_cast<double>(x)));
    }
    REQUIRE(worst <= 0x1p-8);
    REQUIRE(worst > 0x1p-8 * 0.99);
}

TEST_CASE("bf16 takes two bytes and is computed with in f32") {
    REQUIRE(size_in_bytes(DType::bf16) == 2);
    REQUIRE(to_string(DType::bf16) == "bf16");
    REQUIRE(accumulator_of(DType::bf16) == DType::f32);
    for (const DType dtype : {DType::f32, DType::f64, DType::counted}) REQUIRE(accumulator_of(dtype) == dtype);
}
