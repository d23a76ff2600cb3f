// Defaults and limits of a problem.
#include "harness/core/problem.hpp"

#include <string>

#include "harness/core/error.hpp"
#include "harness/core/field_table.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

ProblemSpec spec(std::int64_t len, std::int64_t embed_dim, std::int64_t num_heads) {
    ProblemSpec s;
    s.q_len = len;
    s.embed_dim = embed_dim;
    s.num_heads = num_heads;
    return s;
}

}  // namespace

TEST_CASE("what is absent is derived") {
    const Problem p = resolve(spec(128, 512, 8));
    REQUIRE(p.kv_len == 128);
    REQUIRE(p.head_dim == 64);
    REQUIRE(p.value_head_dim == 64);
    REQUIRE(p.num_kv_heads == 8);
    REQUIRE(p.scale() == Approx(0.125));
}

TEST_CASE("heads that do not divide the width are refused only where head_dim is not given") {
    REQUIRE_THROWS_AS(resolve(spec(128, 512, 12)), UsageError);
    ProblemSpec s = spec(128, 512, 12);
    s.head_dim = 64;
    REQUIRE(resolve(s).query_width() == 768);
    REQUIRE(resolve(s).embed_dim == 512);
}

TEST_CASE("key-value heads must divide heads") {
    ProblemSpec s = spec(128, 512, 8);
    s.num_kv_heads = 3;
    REQUIRE_THROWS_AS(resolve(s), UsageError);
    s.num_kv_heads = 2;
    REQUIRE(resolve(s).group() == 4);
}

TEST_CASE("only a layer's forward pass with as many keys as queries or more has a cache") {
    ProblemSpec s = spec(3, 512, 8);
    s.kv_len = 10;
    s.cached = true;
    REQUIRE(resolve(s).kept_len() == 7);
    s.kv_len = 3;
    REQUIRE(resolve(s).kept_len() == 0);
    const auto says = [](const ProblemSpec& wrong, const std::string& remedy) {
        try {
            resolve(wrong);
        } catch (const UsageError& error) {
            INFO(error.what());
            CHECK(std::string(error.what()).find(remedy) != std::string::npos);
            return true;
        }
        return false;
    };
    ProblemSpec fewer = s, core = s, backward = s;
    fewer.kv_len = 2;
    core.scope = Scope::core;
    backward.pass = PassKind::both;
    REQUIRE(says(fewer, "set kv_len to all tokens"));
    REQUIRE(says(core, "set scope to layer, or cached to false"));
    REQUIRE(says(backward, "set pass to forward, or cached to false"));
    for (ProblemSpec* plain : {&fewer, &core, &backward}) {
        plain->cached = false;
        REQUIRE(resolve(*plain).kept_len() == 0);
    }
}

TEST_CASE("missing, zero, negative and overflowing sizes are refused") {
    REQUIRE_THROWS_AS(resolve(ProblemSpec{}), UsageError);
    REQUIRE_THROWS_AS(resolve(spec(0, 512, 8)), UsageError);
    REQUIRE_THROWS_AS(resolve(spec(-4, 512, 8)), UsageError);
    REQUIRE_THROWS_AS(resolve(spec(std::int64_t{1} << 40, 512, 8)), UsageError);
    REQUIRE_THROWS_AS(resolve(spec(std::int64_t{1} << 62, 512, 8)), UsageError);
    REQUIRE_NOTHROW(resolve(spec(std::int64_t{1} << 20, 512, 8)));
}
