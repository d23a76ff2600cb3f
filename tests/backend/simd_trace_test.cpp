// The tiles of keys that the fused kernel takes: the same with vectors as with counting scalars, and the ones that the
// mask asks for.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

// The kernel's own source, for one instruction set (why AVX3_DL: harness/backend/targets.hpp).
#define HWY_WANT_AVX3_DL
// clang-format off
#include <hwy/highway.h>
#include "harness/backend/simd/lanes-inl.hpp"
#include "harness/backend/simd/stream-inl.hpp"
// clang-format on

#include "harness/core/mask.hpp"
#include "tests/backend/counted_lanes.hpp"
#include "tests/backend/window_mask.hpp"
#include "tests/catch.hpp"

namespace headcount::simd {

struct TracedHead {
    std::int64_t q_len, kv_len, key_block;
    Mask mask;
};

/// Keys [key, key + count) taken by the block of queries that begins with `query`.
struct TileTaken {
    std::int64_t query, key, count;
    bool masked;
    bool operator==(const TileTaken&) const = default;
};

std::int64_t query_being_traced = 0;
std::vector<TileTaken> tiles_taken;

/// Lanes that write down which tiles they were told of.
template <class Lanes>
struct Traced : Lanes {
    static void took(std::int64_t key, std::int64_t count, bool masked) {
        tiles_taken.push_back({query_being_traced, key, count, masked});
    }
};

}  // namespace headcount::simd

HWY_BEFORE_NAMESPACE();
namespace headcount::simd::HWY_NAMESPACE {

/// Runs the blocks of one head and says which tiles they took.
template <class L>
std::vector<TileTaken> trace_head(const TracedHead& head) {
    using T = typename L::T;
    constexpr std::int64_t kHeadDim = 5;
    constexpr std::int64_t kMostRows = kMostVectors * L::kLanes;
    std::vector<T> q(static_cast<std::size_t>(head.q_len * kHeadDim), T(1)), out(q.size());
    std::vector<T> k(static_cast<std::size_t>(head.kv_len * kHeadDim), T(1)), v(k.size(), T(1));
    std::vector<T> scratch(
        static_cast<std::size_t>(stream_scratch_elements(L::kLanes, kHeadDim, kHeadDim, head.key_block)));
    tiles_taken.clear();
    for (std::int64_t first = 0; first < head.q_len; first += kMostRows) {
        query_being_traced = first;
        const StreamBlock<T> block{.q = {q.data() + first * kHeadDim, kHeadDim, 1},
                                   .k = {k.data(), kHeadDim, 1},
                                   .v = {v.data(), kHeadDim, 1},
                                   .out = {out.data() + first * kHeadDim, kHeadDim, 1},
                                   .rows = std::min(kMostRows, head.q_len - first),
                                   .kv_len = head.kv_len,
                                   .head_dim = kHeadDim,
                                   .value_head_dim = kHeadDim,
                                   .factor = T(1),
                                   .mask = head.mask,
                                   .first_row = first,
                                   .q_len = head.q_len,
                                   .key_block = head.key_block,
                                   .scratch = scratch.data()};
        stream_rows<Traced<L>>(block);
    }
    return tiles_taken;
}

}  // namespace headcount::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

namespace headcount::simd {
namespace {

/// From the mask alone: a tile is taken when some row of the block sees some key of it, and its scores are masked when
/// some row does not see all of them.
std::vector<TileTaken> tiles_asked_for(const TracedHead& head, std::int64_t most_rows) {
    std::vector<TileTaken> tiles;
    for (std::int64_t first = 0; first < head.q_len; first += most_rows) {
        const std::int64_t last = std::min(first + most_rows, head.q_len) - 1;
        std::int64_t most = 0, fewest = head.kv_len;
        for (std::int64_t row = first; row <= last; ++row) {
            most = std::max(most, head.mask.visible(row, head.q_len, head.kv_len));
            fewest = std::min(fewest, head.mask.visible(row, head.q_len, head.kv_len));
        }
        for (std::int64_t key = 0; key < most; key += head.key_block) {
            const std::int64_t count = std::min(head.key_block, most - key);
            tiles.push_back({first, key, count, key + count > fewest});
        }
    }
    return tiles;
}

}  // namespace
}  // namespace headcount::simd

using namespace headcount;

TEST_CASE("vectors take the tiles that counting scalars take, and those are what the mask asks for") {
    using Lanes = simd::HWY_NAMESPACE::FloatLanes;
    constexpr std::int64_t kLanes = Lanes::kLanes;
    constexpr std::int64_t kMostRows = simd::kMostVectors * kLanes;
    for (const bool causal : {false, true}) {
        for (const std::int64_t q_len :
             {std::int64_t{1}, kLanes + 1, kMostRows - 1, kMostRows, kMostRows + 1, 3 * kMostRows}) {
            for (const std::int64_t kv_len : {1, 63, 64, 65, 128, 200}) {
                for (const std::int64_t key_block : {24, 64}) {
                    const simd::TracedHead head{q_len, kv_len, key_block, {.causal = causal}};
                    CAPTURE(causal, q_len, kv_len, key_block);
                    const auto vectors = simd::HWY_NAMESPACE::trace_head<Lanes>(head);
                    REQUIRE(vectors == simd::HWY_NAMESPACE::trace_head<simd::CountedLanesOf<kLanes>>(head));
                    REQUIRE(vectors == simd::tiles_asked_for(head, kMostRows));
                }
            }
        }
    }
}

TEST_CASE("tiles of a window hold each key that a row sees once, and are masked where a row does not see all") {
    using Lanes = simd::HWY_NAMESPACE::FloatLanes;
    constexpr std::int64_t kMostRows = simd::kMostVectors * Lanes::kLanes;
    for (const auto [keys, first_keys] : {std::array{1, 0}, {30, 0}, {30, 4}, {100, 3}, {1000, 0}}) {
        for (const std::int64_t kv_len : {1, 64, 200, 333}) {
            const simd::TracedHead head{200, kv_len, 24, window_mask(keys, first_keys)};
            CAPTURE(keys, first_keys, kv_len);
            std::vector<int> taken(static_cast<std::size_t>(head.q_len * kv_len));
            for (const simd::TileTaken& tile : simd::HWY_NAMESPACE::trace_head<Lanes>(head)) {
                bool any = false, all = true;
                for (std::int64_t row = tile.query; row < std::min(tile.query + kMostRows, head.q_len); ++row) {
                    for (std::int64_t key = tile.key; key < tile.key + tile.count; ++key) {
                        const bool sees = head.mask.keys(row, head.q_len, kv_len).sees(key);
                        any |= sees, all &= sees;
                        ++taken[static_cast<std::size_t>(row * kv_len + key)];
                    }
                }
                REQUIRE(any);
                REQUIRE(tile.masked == !all);
            }
            for (std::int64_t row = 0; row < head.q_len; ++row) {
                const Keys seen = head.mask.keys(row, head.q_len, kv_len);
                for (std::int64_t key = 0; key < kv_len; ++key) {
                    const int times = taken[static_cast<std::size_t>(row * kv_len + key)];
                    REQUIRE(times <= 1);
                    if (seen.sees(key)) REQUIRE(times == 1);
                }
            }
        }
    }
}

TEST_CASE("a causal mask skips tiles") {
    const auto dense = simd::tiles_asked_for({512, 512, 64, {}}, 48);
    const auto causal = simd::tiles_asked_for({512, 512, 64, {.causal = true}}, 48);
    REQUIRE(dense.size() == 88);  // 11 blocks of queries by 8 of keys
    REQUIRE(std::none_of(dense.begin(), dense.end(), [](const simd::TileTaken& tile) { return tile.masked; }));
    // 48 rows span one tile of 64 keys or two; the blocks see 1, 2, 3, 3, 4, 5, 6, 6, 7, 8 and 8 of them.
    REQUIRE(causal.size() == 53);
}
