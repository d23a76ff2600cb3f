// How large the pieces are that the kernels take at a time: a small model of what caches hold.
#pragma once

#include <cstdint>

namespace headcount::simd {

/// Bytes of the data caches that a core reaches; 0 where unknown.
struct CacheSizes {
    std::int64_t level1 = 0, level2 = 0;
};

/// Those of this machine (core/machine.hpp).
CacheSizes cache_sizes();

struct Tiles {
    std::int64_t key_block;    ///< keys whose scores the fused core holds at a time
    std::int64_t panel_depth;  ///< rows of a product's right operand that one packed panel holds
};

/// Scores of one block of keys fill a quarter of the first-level cache, the rest is for queries, results and the keys
/// that pass; a panel fills a quarter of the second-level cache. Unknown caches count as
/// core/machine.hpp assumes. `configs/tune.yaml` measures whether another block would be faster.
Tiles tiles_for(CacheSizes caches, std::int64_t lanes);

}  // namespace headcount::simd
