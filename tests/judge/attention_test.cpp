// The shared definition of attention, by hand on the smallest cases, and with a scalar that counts.
#include "harness/judge/attention.hpp"

#include <cmath>

#include "tests/catch.hpp"
#include "tests/judge/asked.hpp"

using namespace headcount;
using namespace headcount::judge;
using headcount::testing::Asked;

namespace {

Problem core(std::int64_t q_len, std::int64_t kv_len, std::int64_t num_heads, std::int64_t head_dim) {
    Problem p;
    p.q_len = q_len;
    p.kv_len = kv_len;
    p.num_heads = p.num_kv_heads = num_heads;
    p.head_dim = p.value_head_dim = head_dim;
    p.embed_dim = num_heads * head_dim;
    p.scope = Scope::core;
    return p;
}

}  // namespace

TEST_CASE("one query and two keys, by hand") {
    Asked asked(core(1, 2, 1, 1));
    asked.input("q", {2}).input("k", {1, 3}).input("v", {10, 20});
    const double late = std::exp(6.0) / (std::exp(2.0) + std::exp(6.0));
    REQUIRE(asked.out(attention(), 0).at(0) == Approx(10 + 10 * late));
    const OpCost required = attention().required(asked.question);
    REQUIRE(required == OpCost{.multiplies = 2 + 2 + 2, .adds = 2 + 1 + 1, .compares = 1, .divides = 2, .exps = 2});
}

TEST_CASE("scores are divided by the root of head_dim, not of embed_dim") {
    Asked asked(core(1, 2, 2, 4));
    asked.input("q", std::vector<double>(8, 1));
    asked.input("k", {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0});
    asked.input("v", {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0});
    const double first = std::exp(4 / 2.0) / (std::exp(4 / 2.0) + 1);
    for (const double x : asked.out(attention(), 0)) REQUIRE(x == Approx(first));
}

TEST_CASE("a causal row sees the keys up to its own, aligned at the end; a row that sees none gives zeros") {
    Problem p = core(4, 2, 1, 1);
    p.causal = true;
    Asked asked(p);
    asked.input("q", {0, 0, 0, 0}).input("k", {0, 0}).input("v", {10, 20});
    REQUIRE(asked.out(attention(), 0) == std::vector<double>{0});
    REQUIRE(asked.out(attention(), 1) == std::vector<double>{0});
    REQUIRE(asked.out(attention(), 2) == std::vector<double>{10});
    REQUIRE(asked.out(attention(), 3) == std::vector<double>{15});
    REQUIRE(asked.bound(attention(), 1) == std::vector<double>{0});
    REQUIRE(asked.bound(attention(), 3).at(0) > 0);
}

TEST_CASE("query heads share key-value heads in groups") {
    Problem p = core(1, 1, 4, 1);
    p.num_kv_heads = 2;
    Asked asked(p);
    asked.input("q", {1, 1, 1, 1}).input("k", {1, 1}).input("v", {3, 7});
    REQUIRE(asked.out(attention(), 0) == std::vector<double>{3, 3, 7, 7});
}

TEST_CASE("a layer projects with all columns, adds its biases, and asks for weights by name") {
    Problem p = core(1, 1, 2, 1);
    p.scope = Scope::layer;
    Asked asked(p);
    asked.input("x_q", {1, 100}).input("x_kv", {1, 100});
    asked.weight("wq", {1, 1, 1, 1}).weight("wk", {1, 1, 1, 1}).weight("wv", {2, 1000, 1000, 3});
    REQUIRE_THROWS_WITH(asked.out(attention(), 0), Catch::Contains("'wo'"));
    asked.weight("wo", {5, 1000, 1000, 7});
    const double v0 = 2 + 100 * 1000.0, v1 = 1000 + 300;
    REQUIRE(asked.out(attention(), 0) == std::vector<double>{5 * v0 + 1000 * v1, 1000 * v0 + 7 * v1});
    asked.question.problem.bias = true;
    for (const char* name : {"bq", "bk", "bv"}) asked.weight(name, {0, 0});
    asked.weight("bo", {0.5, 0.25});
    REQUIRE(asked.out(attention(), 0) == std::vector<double>{5 * v0 + 1000 * v1 + 0.5, 1000 * v0 + 7 * v1 + 0.25});
}

TEST_CASE("definitions are equal when they are the same, and rows come in the order in which they are asked for") {
    REQUIRE(attention() == attention());
    REQUIRE_FALSE(attention() == Definition{});
    Problem p = core(2, 1, 1, 1);
    p.batch = 2;
    Asked asked(p);
    asked.input("q", {1, 2, 3, 4}).input("k", {1, 1}).input("v", {10, 20});
    const ReferenceRows rows = attention().answer(
        asked.question, {{.batch = 1, .index = 0}, {.batch = 0, .index = 1}, {.batch = 1, .index = 1}});
    REQUIRE(rows.width == 1);
    REQUIRE(rows.out == std::vector<double>{20, 10, 20});
    REQUIRE(rows.rows.at(1) == Row{.batch = 0, .index = 1});
}
