// Hash and random numbers against published values: stored runs depend on both.
#include "harness/core/random.hpp"

#include <array>

#include "harness/core/hash.hpp"
#include "tests/catch.hpp"

using namespace headcount;

TEST_CASE("the hash is FNV-1a, and goes on from an earlier one") {
    CHECK(fnv64("") == 0xcbf29ce484222325U);
    CHECK(fnv64("a") == 0xaf63dc4c8601ec8cU);
    CHECK(fnv64("foobar") == 0x85944171f73967e8U);
    CHECK(fnv64("bar", fnv64("foo")) == fnv64("foobar"));
}

TEST_CASE("the random numbers are those of SplitMix64's reference implementation") {
    SplitMix64 random(1234567);
    for (const std::uint64_t expected :
         std::array{6457827717110365317U, 3203168211198807973U, 9817491932198370423U, 4593380528125082431U}) {
        CHECK(random.next() == expected);
    }
}

TEST_CASE("a number below a bound takes every value about equally often") {
    SplitMix64 random(1);
    std::array<int, 3> seen{};
    for (int i = 0; i < 3000; ++i) ++seen[random.below(3)];
    for (const int count : seen) CHECK((count > 850 && count < 1150));  // 1000, and more than five sigmas around it
}
