// Counted bytes: what a run holds, as it holds it, without holding it; and what the fused core moves.
#include <cstdint>
#include <random>

#include "harness/backend/all.hpp"
#include "harness/core/field_table.hpp"
#include "harness/measure/point/count.hpp"
#include "harness/measure/point/inputs.hpp"
#include "tests/catch.hpp"
#include "tests/measure/random_problem.hpp"
#include "tests/mechanism.hpp"
#include "variants/all.hpp"

using namespace headcount;
using namespace headcount::testing;

TEST_CASE("a real run uses exactly the memory that the dry run predicts") {
    std::mt19937_64 random(35);
    for (int i = 0; i < 40; ++i) {
        const Problem any = random_problem(random, 30);
        const Problem p = i % 3 == 0 ? behind_cache(any) : any;
        for (const auto& variant : all_variants()) {
            for (const auto& backend : all_backends()) {
                const Point plain{.variant = variant.name, .backend = backend.name, .problem = p};
                for (const Point& point : with_random_options(plain, variant.value, random)) {
                    if (!why_unsupported(point).empty()) continue;
                    PointData data = make_point_data(point);
                    run_forward(data);
                    run_forward(data);
                    const Count count = count_point(point);
                    INFO(point.id());
                    REQUIRE(data.workspace.peak_bytes() == count.workspace_bytes);
                    REQUIRE(data.workspace.reserved_bytes() == count.workspace_reserved_bytes);
                    REQUIRE(data.layout.bytes() == count.inputs_bytes);
                    REQUIRE(data.kept.memory.reserved_bytes() == data.kept.bytes);
                    REQUIRE((data.kept.bytes > 0) == p.cached);
                    REQUIRE(data.kept.bytes + data.kept.filling_bytes == count.kept_reserved_bytes);
                }
            }
        }
    }
}

TEST_CASE("a problem of sixty gigabytes is counted without allocating them") {
    ProblemSpec spec;
    spec.batch = 8;
    spec.q_len = 16384;
    spec.embed_dim = 1024;
    spec.num_heads = 8;
    spec.causal = true;
    const Problem p = resolve(spec);
    for (const auto& variant : all_variants()) {
        const Point point{.variant = variant.name, .backend = "counting", .problem = p};
        if (!why_unsupported(point).empty()) continue;
        PointData data = make_point_data(point);
        REQUIRE(data.store.is_dry());
        REQUIRE(data.workspace.is_dry());
        run_forward(data);
        if (!computes_attention(variant.value) && variant.name != "block_diagonal") continue;  // other exponentials
        REQUIRE(count_point(point).total(Ledger::required).exps == 8 * 8 * (16384LL * 16385 / 2));
    }
    const Count count = count_point({.variant = "multi_head", .backend = "counting", .problem = p});
    REQUIRE(count.score_bytes == 4LL * 8 * 8 * 16384 * 16384);
    REQUIRE(count.score_bytes > 60'000'000'000);
}

TEST_CASE("score bytes grow with heads where all are held, not where one is, and not in a fused core") {
    const auto count = [](const char* variant, std::int64_t heads) {
        ProblemSpec spec;
        spec.q_len = 256;
        spec.embed_dim = 512;
        spec.num_heads = heads;
        return count_point({.variant = variant, .backend = "counting", .problem = resolve(spec)});
    };
    const std::int64_t one = 4 * 256 * 256;
    for (const std::int64_t heads : {1, 2, 4, 8, 64}) {
        REQUIRE(count("multi_head", heads).score_bytes == heads * one);
        REQUIRE(count("multi_head_looped", heads).score_bytes == one);
        REQUIRE(count("streaming", heads).score_bytes == 0);
        REQUIRE(count("multi_head", heads).workspace_bytes - count("multi_head", 1).workspace_bytes ==
                (heads - 1) * one);
        REQUIRE(count("multi_head", heads).query_block == 0);
        REQUIRE(count("streaming", heads).query_block > 0);
    }
}

TEST_CASE("bytes of the fused core follow the tiled formula with the block that is reported") {
    for (const std::int64_t heads : {1, 2, 4, 8, 16, 32, 64}) {
        ProblemSpec spec;
        spec.batch = 2;
        spec.q_len = 1500;
        spec.kv_len = 1100;
        spec.embed_dim = 512;
        spec.num_heads = heads;
        spec.scope = Scope::core;
        const Count count = count_point({.variant = "streaming", .backend = "counting", .problem = resolve(spec)});
        const std::int64_t blocks = (1500 + count.query_block - 1) / count.query_block;
        REQUIRE(count.total(Ledger::executed).bytes() == 4 * (2 * 2 * 1100 * 512 * blocks + 2 * 2 * 1500 * 512));
    }
}
