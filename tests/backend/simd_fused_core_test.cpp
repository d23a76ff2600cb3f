// The fused core of simd on every instruction set of this processor: edges of its blocks, extremes of its inputs.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "tests/backend/every_target.hpp"
#include "tests/backend/random_heads.hpp"
#include "tests/catch.hpp"
#include "tests/slow_build.hpp"

using namespace headcount;
using namespace headcount::testing;

TEST_CASE("the fused core is right at every edge of its blocks") {
    on_every_target([] {
        Thinned cases(7);
        for (const int threads : {1, 2}) {
            const auto backend = make_simd(threads);
            for (const std::int64_t length : {1, 7, 16, 47, 48, 49, 64, 65, 127, 128, 200, 513}) {
                for (const std::int64_t d : {4, 16, 20, 64, 80, 96}) {
                    if (length > 200 && d != 20) continue;
                    for (const bool causal : {false, true}) {
                        if (!cases.takes_next()) continue;
                        CAPTURE(threads, length, d, causal);
                        Heads p(2, length, length, d, d, 1);
                        REQUIRE(p.error(*backend, 1 / std::sqrt(static_cast<double>(d)), {.causal = causal}) < 2e-6);
                    }
                }
            }
        }
    });
}

TEST_CASE("the fused core takes any number of keys at a time") {
    on_every_target([] {
        for (const std::int64_t key_block : {1, 7, 16, 100, 512, 4096}) {
            const auto backend = make_simd(2, key_block);
            for (const bool causal : {false, true}) {
                CAPTURE(key_block, causal);
                Heads p(2, 130, 205, 20, 24, 1);
                REQUIRE(backend->attend_plan(attend_shape(p.q, p.k, p.v), {}).key_block ==
                        std::min<std::int64_t>(key_block, 205));
                REQUIRE(p.error(*backend, 0.2, {.causal = causal}) < 2e-6);
            }
        }
    });
}

TEST_CASE("the fused core takes query and key lengths that differ, and rows that see no key") {
    on_every_target([] {
        const auto backend = make_simd(1);
        for (const auto& [q_len, kv_len] : {std::pair{1, 300}, {100, 3}, {50, 200}, {200, 50}, {3, 65}}) {
            for (const bool causal : {false, true}) {
                CAPTURE(q_len, kv_len, causal);
                Heads p(1, q_len, kv_len, 24, 40, 1);
                REQUIRE(p.error(*backend, 0.2, {.causal = causal}) < 2e-6);
            }
        }
    });
}

TEST_CASE("large scores neither overflow nor lose the largest") {
    on_every_target([] {
        const auto backend = make_simd(1);
        for (const float spread : {10.0F, 100.0F}) {
            CAPTURE(spread);
            Heads p(1, 60, 150, 16, 16, spread);
            // Scores of order spread^2 * 16 are themselves rounded; their error, times v, is what remains.
            const double scores = static_cast<double>(spread) * static_cast<double>(spread) * 16;
            REQUIRE(p.error(*backend, 1, {}) < scores * 4e-7 * static_cast<double>(spread) * 4);
        }
    });
}

TEST_CASE("what is not a number in the inputs is not a number in the outputs it touches") {
    on_every_target([] {
        const auto backend = make_simd(1);
        Heads p(1, 50, 130, 8, 8, 1);
        p.q32[5 * 8] = NAN;
        p.error(*backend, 1, {});
        for (std::size_t i = 0; i < 50; ++i) {
            CAPTURE(i);
            REQUIRE(std::isnan(p.out32[i * 8]) == (i == 5));
        }
        Heads with_value(1, 50, 130, 8, 8, 1);
        with_value.v32[129 * 8 + 3] = NAN;
        with_value.error(*backend, 1, {.causal = true});
        // Rows of the same block that do not see this key may show it too: a weight of zero times NaN.
        REQUIRE(std::isnan(with_value.out32[49 * 8 + 3]));
        REQUIRE_FALSE(std::isnan(with_value.out32[49 * 8 + 2]));
    });
}
