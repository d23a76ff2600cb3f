// The canonical text of a point.
#include <random>

#include "harness/core/error.hpp"
#include "harness/core/field_table.hpp"
#include "tests/catch.hpp"

using namespace headcount;

TEST_CASE("a point's id reads back to the same point") {
    std::mt19937 random(7);
    const auto below = [&](int n) { return static_cast<std::int64_t>(random() % static_cast<unsigned>(n)); };
    for (int i = 0; i < 500; ++i) {
        PointSpec spec;
        spec.variant = "multi_head";
        spec.backend = "naive";
        spec.problem.q_len = 1 + below(40);
        if (below(2) == 0) spec.problem.kv_len = 1 + below(40);
        spec.problem.num_kv_heads = 1 + below(3);
        spec.problem.num_heads = *spec.problem.num_kv_heads * (1 + below(3));
        if (below(2) == 0) {
            spec.problem.embed_dim = *spec.problem.num_heads * (1 + below(4));
        } else {
            spec.problem.head_dim = 1 + below(5);
        }
        if (below(3) == 0) spec.problem.value_head_dim = 1 + below(5);
        if (below(2) == 0) spec.problem.causal = true;
        if (below(2) == 0) spec.problem.bias = true;
        if (below(2) == 0) spec.problem.scope = Scope::core;
        if (below(2) == 0 && !spec.problem.scope && spec.problem.kv_len.value_or(40) >= *spec.problem.q_len)
            spec.problem.cached = true;
        if (below(2) == 0) spec.problem.dtype = below(2) == 0 ? DType::f64 : DType::bf16;
        if (below(3) == 0) spec.num_threads = 2;
        if (below(3) == 0) spec.seed = 99;
        const Point point = resolve(spec);
        INFO(point.id());
        REQUIRE(point_from_id(point.id()) == point);
        for (const Field& field : base_field_table().all()) REQUIRE_FALSE(get_field(point, field.name).empty());
    }
}

TEST_CASE("an id may name its fields in any order") {
    REQUIRE(point_from_id("multi_head/blas/num_heads=8,embed_dim=512,q_len=64") ==
            point_from_id("multi_head/blas/q_len=64,embed_dim=512,num_heads=8"));
}

TEST_CASE("what is no point id is refused") {
    for (const char* text : {"",
                             "multi_head",
                             "multi_head/blas",
                             "multi_head/blas/",
                             "multi_head/blas/q_len",
                             "multi_head/blas/q_len=",
                             "multi_head/blas/q_len=x,embed_dim=8",
                             "multi_head/blas/q_len=4,embed_dim=8,q_len=5",
                             "multi_head/blas/q_lenn=4,embed_dim=8",
                             "multi_head/blas/q_len=99999999999999999999,embed_dim=8",
                             "multi_head/blas/q_len=4,embed_dim=8,dtype=f16",
                             "multi_head/blas/q_len=-4,embed_dim=8",
                             "/blas/q_len=4,embed_dim=8",
                             "multi_head//q_len=4,embed_dim=8",
                             "$x^2$/blas/q_len=4,embed_dim=8",
                             "=1+1/blas/q_len=4,embed_dim=8",
                             "../blas/q_len=4,embed_dim=8",
                             "a b/blas/q_len=4,embed_dim=8",
                             "<b>/blas/q_len=4,embed_dim=8",
                             "-x/blas/q_len=4,embed_dim=8"}) {
        INFO(text);
        REQUIRE_THROWS_AS(point_from_id(text), UsageError);
    }
}
