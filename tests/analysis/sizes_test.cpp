// Searches over whole numbers, on quantities whose answers are known.
#include "harness/analysis/models/sizes.hpp"

#include <utility>

#include "tests/catch.hpp"

using namespace headcount;

namespace {

using Bounds = std::vector<std::pair<std::int64_t, std::int64_t>>;

Bounds bounds(const std::vector<Regime>& found) {
    Bounds all;
    for (const Regime& one : found) all.emplace_back(one.from, one.to);
    return all;
}

}  // namespace

TEST_CASE("a size that makes a quantity equal is found, and nothing is nearer") {
    const Matches matches = match_sizes([](std::int64_t n) { return Rational(3 * n + 1); }, 301, 1 << 14);
    CHECK(matches.exact == std::vector<std::int64_t>{100});
    CHECK(matches.below->size == 99);
    CHECK(matches.above->size == 101);
    CHECK(matches.last == 256);  // twice the first power of two that exceeds it
    CHECK(matches.changes);
    CHECK_FALSE(matches.falls_after);
}

TEST_CASE("without such a size the nearest on both sides stand there") {
    const Matches matches = match_sizes([](std::int64_t n) { return Rational(3 * n); }, 100, 1 << 14);
    CHECK(matches.exact.empty());
    CHECK(matches.below->size == 33);
    CHECK(matches.below->value == 99);
    CHECK(matches.above->size == 34);
}

TEST_CASE("a quantity that falls is seen to fall, and all its sizes are told") {
    const Matches matches = match_sizes([](std::int64_t n) { return Rational((n - 10) * (n - 10)); }, 9, 64);
    CHECK(matches.falls_after == 1);
    CHECK(matches.last == 2);  // (1 - 10)^2 exceeds it at once
    const Matches hump = match_sizes([](std::int64_t n) { return Rational(n * (20 - n)); }, 75, 20);
    CHECK(hump.exact == std::vector<std::int64_t>{5, 15});
    CHECK(hump.falls_after == 10);
}

TEST_CASE("a quantity that does not depend on the size says so") {
    const Matches matches = match_sizes([](std::int64_t) { return Rational(7); }, 7, 32);
    CHECK(matches.exact.size() == 32);
    CHECK_FALSE(matches.changes);
    CHECK_FALSE(matches.below);
}

TEST_CASE("impossible sizes are passed over") {
    const auto even = [](std::int64_t n) { return n % 2 == 0 ? std::optional(Rational(n)) : std::nullopt; };
    const Matches matches = match_sizes(even, 7, 32);
    CHECK(matches.below->size == 6);
    CHECK(matches.above->size == 8);
    CHECK(matches.possible == 8);  // 2 to 16
}

TEST_CASE("a crossing is found to the size") {
    for (const std::int64_t at : {2, 100, 255, 256, 257, 300, 1000, 65537, 999999}) {
        CAPTURE(at);
        const auto found = regimes([at](std::int64_t n) { return Rational(n - at) - Rational(1, 2); }, 1, 1 << 20);
        CHECK(bounds(found) == Bounds{{1, at}, {at + 1, 1 << 20}});
        CHECK(found[0].sign == -1);
        CHECK(found[1].sign == 1);
    }
}

TEST_CASE("equality is a regime of its own, of one size or of many") {
    const auto at_one = regimes([](std::int64_t n) { return Rational(n - 5000); }, 1, 1 << 20);
    CHECK(bounds(at_one) == Bounds{{1, 4999}, {5000, 5000}, {5001, 1 << 20}});
    CHECK(at_one[1].sign == 0);
    const auto until = regimes([](std::int64_t n) { return Rational(n <= 700 ? 0 : n); }, 1, 1 << 20);
    CHECK(bounds(until) == Bounds{{1, 700}, {701, 1 << 20}});
}

TEST_CASE("several crossings are all told") {
    const auto found = regimes([](std::int64_t n) { return Rational((n - 40) * (n - 3000)); }, 1, 1 << 20);
    CHECK(bounds(found) == Bounds{{1, 39}, {40, 40}, {41, 2999}, {3000, 3000}, {3001, 1 << 20}});
}

TEST_CASE("no crossing is one regime, and sizes that are all impossible have none") {
    CHECK(bounds(regimes([](std::int64_t n) { return Rational(-n); }, 1, 1000)) == Bounds{{1, 1000}});
    CHECK(regimes([](std::int64_t) { return std::nullopt; }, 1, 1000).empty());
}

TEST_CASE("a crossing among sizes of which few are possible ends with possible ones") {
    const auto powers = [](std::int64_t n) {
        return (n & (n - 1)) == 0 ? std::optional(Rational(n - 3000)) : std::nullopt;
    };
    CHECK(bounds(regimes(powers, 1, 1 << 14)) == Bounds{{1, 2048}, {4096, 1 << 14}});
}
