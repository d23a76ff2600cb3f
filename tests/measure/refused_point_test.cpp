// Points that no variant or backend can compute are refused before anything runs.
#include "harness/core/error.hpp"
#include "harness/core/field_table.hpp"
#include "harness/measure/point/count.hpp"
#include "harness/measure/point/inputs.hpp"
#include "tests/catch.hpp"

using namespace headcount;

TEST_CASE("unknown names and impossible points are refused with a reason") {
    ProblemSpec spec;
    spec.q_len = 8;
    spec.embed_dim = 8;
    spec.num_heads = 2;
    const Problem p = resolve(spec);
    REQUIRE_THROWS_AS(count_point({.variant = "multi_haed", .backend = "naive", .problem = p}), UsageError);
    REQUIRE_THROWS_AS(count_point({.variant = "multi_head", .backend = "naiv", .problem = p}), UsageError);
    REQUIRE_THROWS_AS(count_point({.variant = "single_head", .backend = "naive", .problem = p}), Error);
    REQUIRE_THROWS_AS(make_point_data({.variant = "single_head", .backend = "naive", .problem = p}), Error);
    REQUIRE_FALSE(
        why_unsupported({.variant = "multi_head", .backend = "naive", .problem = p, .num_threads = 2}).empty());
    REQUIRE(why_unsupported({.variant = "multi_head", .backend = "naive", .problem = p}).empty());
}
