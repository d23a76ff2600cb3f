// Masks, against pairs counted one by one.
#include "harness/core/mask.hpp"

#include "tests/catch.hpp"

using namespace headcount;

namespace {

/// Query i is the last but q_len - 1 - i; it sees every key but as many of the last ones.
bool sees(std::int64_t i, std::int64_t j, std::int64_t q_len, std::int64_t kv_len) {
    return kv_len - 1 - j >= q_len - 1 - i;
}

}  // namespace

TEST_CASE("pairs, live rows and visible keys agree with counting one by one") {
    for (std::int64_t q_len = 1; q_len <= 9; ++q_len) {
        for (std::int64_t kv_len = 1; kv_len <= 9; ++kv_len) {
            std::int64_t pairs = 0;
            std::int64_t live = 0;
            const Mask causal{.causal = true};
            for (std::int64_t i = 0; i < q_len; ++i) {
                std::int64_t visible = 0;
                for (std::int64_t j = 0; j < kv_len; ++j) visible += sees(i, j, q_len, kv_len) ? 1 : 0;
                REQUIRE(causal.visible(i, q_len, kv_len) == visible);
                pairs += visible;
                live += visible > 0 ? 1 : 0;
            }
            CAPTURE(q_len, kv_len);
            REQUIRE(causal.pairs(q_len, kv_len) == pairs);
            REQUIRE(causal.live_rows(q_len, kv_len) == live);
            REQUIRE(Mask{}.pairs(q_len, kv_len) == q_len * kv_len);
            REQUIRE(Mask{}.live_rows(q_len, kv_len) == q_len);
        }
    }
}

TEST_CASE("the last query sees every key, whatever the lengths") {
    REQUIRE(Mask{.causal = true}.visible(4, 5, 3) == 3);
    REQUIRE(Mask{.causal = true}.visible(0, 1, 3) == 3);
    REQUIRE(Mask{.causal = true}.visible(0, 5, 3) == 0);
}

namespace {

/// The last numbers[0] keys up to the query's own, and the first numbers[1].
Keys window(const Mask::Numbers& numbers, std::int64_t row, std::int64_t q_len, std::int64_t kv_len) {
    const std::int64_t own = kv_len - q_len + row;
    return {.first = own - numbers[0] + 1, .last = own + 1, .sink = numbers[1]};
}

}  // namespace

TEST_CASE("a rule gives keys, from which pairs and live rows follow, whatever lies outside the sequence") {
    for (std::int64_t q_len = 1; q_len <= 8; ++q_len) {
        for (std::int64_t kv_len = 1; kv_len <= 8; ++kv_len) {
            for (const auto& [width, sink] : {std::pair{1, 0}, {3, 0}, {3, 2}, {20, 1}}) {
                const Mask mask{.rule = window, .numbers = {width, sink}};
                CAPTURE(q_len, kv_len, width, sink);
                std::int64_t pairs = 0, live = 0;
                for (std::int64_t i = 0; i < q_len; ++i) {
                    const Keys keys = mask.keys(i, q_len, kv_len);
                    std::int64_t seen = 0;
                    for (std::int64_t j = 0; j < kv_len; ++j) {
                        const std::int64_t own = kv_len - q_len + i;
                        const bool visible = j < sink || (j > own - width && j <= own);
                        REQUIRE(keys.sees(j) == visible);
                        seen += visible ? 1 : 0;
                        for (const std::int64_t from : {0, 1, 3, 7}) {
                            if (j >= from && j < from + 2) {
                                REQUIRE(keys.within(from, 2).sees(j - from) == visible);
                            }
                        }
                    }
                    REQUIRE(keys.count() == seen);
                    REQUIRE(mask.visible(i, q_len, kv_len) == seen);
                    if (keys.sink > 0) REQUIRE(keys.sink < keys.first);
                    pairs += seen;
                    live += seen > 0 ? 1 : 0;
                }
                REQUIRE(mask.pairs(q_len, kv_len) == pairs);
                REQUIRE(mask.live_rows(q_len, kv_len) == live);
                std::int64_t live_keys = 0;
                for (std::int64_t j = 0; j < kv_len; ++j) {
                    bool seen = false;
                    for (std::int64_t i = 0; i < q_len; ++i) seen |= mask.keys(i, q_len, kv_len).sees(j);
                    live_keys += seen ? 1 : 0;
                }
                REQUIRE(mask.live_keys(q_len, kv_len) == live_keys);
            }
        }
    }
    REQUIRE_FALSE(Mask{.rule = window, .numbers = {1, 0}}.sees_prefix());
    REQUIRE(Mask{.causal = true}.sees_prefix());
}
