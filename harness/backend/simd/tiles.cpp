#include "harness/backend/simd/tiles.hpp"

#include <algorithm>

#include "harness/backend/simd/stream.hpp"
#include "harness/core/machine.hpp"

namespace headcount::simd {
namespace {

constexpr std::int64_t kShare = 4;
// Whole register tiles, and enough of them that loading and storing the results of a block is nothing beside it.
constexpr std::int64_t kKeyStep = 8, kFewestKeys = 32, kMostKeys = 512;
constexpr std::int64_t kDepthStep = 64, kLeastDepth = 256, kMostDepth = 2048;

std::int64_t whole(std::int64_t n, std::int64_t step, std::int64_t least, std::int64_t most) {
    return std::clamp(n / step * step, least, most);
}

}  // namespace

CacheSizes cache_sizes() {
    const std::vector<ListedCache>& caches = machine_caches();
    return {.level1 = data_cache_bytes(caches, 1), .level2 = data_cache_bytes(caches, 2)};
}

Tiles tiles_for(CacheSizes caches, std::int64_t lanes) {
    const std::int64_t level1 = caches.level1 > 0 ? caches.level1 : kAssumedLevel1Bytes;
    const std::int64_t level2 = caches.level2 > 0 ? caches.level2 : kAssumedLevel2Bytes;
    const auto row = static_cast<std::int64_t>(sizeof(float)) * kMostVectors * lanes;
    return {.key_block = whole(level1 / kShare / row, kKeyStep, kFewestKeys, kMostKeys),
            .panel_depth = whole(level2 / kShare / row, kDepthStep, kLeastDepth, kMostDepth)};
}

}  // namespace headcount::simd
