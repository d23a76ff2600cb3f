#include "harness/backend/simd/tiles.hpp"

#include <algorithm>

#include <unistd.h>

#include "harness/backend/simd/stream.hpp"

namespace headcount::simd {
namespace {

constexpr std::int64_t kShare = 4;
// Whole register tiles, and enough of them that loading and storing the results of a block is nothing beside it.
constexpr std::int64_t kKeyStep = 8, kFewestKeys = 32, kMostKeys = 512;
constexpr std::int64_t kDepthStep = 64, kLeastDepth = 256, kMostDepth = 2048;

std::int64_t whole(std::int64_t n, std::int64_t step, std::int64_t least, std::int64_t most) {
    return std::clamp(n / step * step, least, most);
}

#ifdef _SC_LEVEL1_DCACHE_SIZE
std::int64_t size_of(int name) { return std::max<std::int64_t>(::sysconf(name), 0); }
#endif

}  // namespace

CacheSizes cache_sizes() {
#ifdef _SC_LEVEL1_DCACHE_SIZE
    return {.level1 = size_of(_SC_LEVEL1_DCACHE_SIZE), .level2 = size_of(_SC_LEVEL2_CACHE_SIZE)};
#else
    return {};
#endif
}

Tiles tiles_for(CacheSizes caches, std::int64_t lanes) {
    const std::int64_t level1 = caches.level1 > 0 ? caches.level1 : std::int64_t{32} << 10;
    const std::int64_t level2 = caches.level2 > 0 ? caches.level2 : std::int64_t{512} << 10;
    const auto row = static_cast<std::int64_t>(sizeof(float)) * kMostVectors * lanes;
    return {.key_block = whole(level1 / kShare / row, kKeyStep, kFewestKeys, kMostKeys),
            .panel_depth = whole(level2 / kShare / row, kDepthStep, kLeastDepth, kMostDepth)};
}

}  // namespace headcount::simd
