// Layouts of one function give one output, whatever the masks and the heads.
#include "tests/catch.hpp"
#include "tests/measure/identity.hpp"
#include "tests/measure/random_problem.hpp"

using namespace headcount;
using namespace headcount::testing;

TEST_CASE("every layout of plain attention gives the output of multi_head") {
    std::mt19937_64 random(52);
    int compared = 0;
    for (int i = 0; i < 60; ++i) {
        Problem p = random_problem(random, 20);
        p.dtype = DType::f64;
        const std::vector<double> right = Ran(point_with("multi_head", p)).output();
        for (const auto& variant : all_variants()) {
            if (!computes_attention(variant.value)) continue;
            const Point point{.variant = variant.name, .backend = "naive", .problem = p};
            if (!why_unsupported(point).empty()) continue;
            INFO(point.id());
            CHECK(apart(Ran(point_with(variant.name, p)).output(), right) < 1e-12);
            ++compared;
        }
    }
    CHECK(compared > 200);
}
