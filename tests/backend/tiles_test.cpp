// The model that chooses tile sizes from cache sizes.
#include "harness/backend/simd/tiles.hpp"

#include "tests/catch.hpp"

using headcount::simd::Tiles;
using headcount::simd::tiles_for;

TEST_CASE("tiles fill a quarter of a cache, in whole steps") {
    const Tiles wide = tiles_for({.level1 = 48 << 10, .level2 = 1 << 20}, 16);
    CHECK(wide.key_block == 64);
    CHECK(wide.panel_depth == 1344);
    const Tiles narrow = tiles_for({.level1 = 32 << 10, .level2 = 256 << 10}, 8);
    CHECK(narrow.key_block == 80);
    CHECK(narrow.panel_depth == 640);
}

TEST_CASE("larger caches never make smaller tiles, and no cache makes absurd ones") {
    Tiles before = tiles_for({.level1 = 1, .level2 = 1}, 4);
    CHECK(before.key_block >= 32);
    CHECK(before.panel_depth >= 256);
    for (std::int64_t size = 2; size < (std::int64_t{1} << 40); size *= 2) {
        const Tiles tiles = tiles_for({.level1 = size, .level2 = size}, 4);
        CHECK(tiles.key_block >= before.key_block);
        CHECK(tiles.panel_depth >= before.panel_depth);
        before = tiles;
    }
    CHECK(before.key_block <= 512);
    CHECK(before.panel_depth <= 2048);
}

TEST_CASE("unknown caches count as small ordinary ones") {
    const Tiles unknown = tiles_for({}, 16);
    const Tiles ordinary = tiles_for({.level1 = 32 << 10, .level2 = 512 << 10}, 16);
    CHECK(unknown.key_block == ordinary.key_block);
    CHECK(unknown.panel_depth == ordinary.panel_depth);
}
