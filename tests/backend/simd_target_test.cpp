// Which instruction sets the simd kernels may be forced to.
#include "harness/backend/simd/kernels.hpp"
#include "tests/catch.hpp"

using namespace headcount;

TEST_CASE("an instruction set that is not here is named in the error") {
    REQUIRE_THROWS_WITH(simd::force_target("AVX9"), Catch::Contains("AVX9"));
}
