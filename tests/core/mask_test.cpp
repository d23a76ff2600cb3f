// Causal masks, against pairs counted one by one.
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
