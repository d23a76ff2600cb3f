// Backward passes: right against the definition differentiated, counted, repeatable, and caught when they are wrong.
#include <cmath>
#include <cstring>
#include <vector>

#include "harness/backend/all.hpp"
#include "harness/core/error.hpp"
#include "harness/measure/point/check.hpp"
#include "harness/measure/point/count.hpp"
#include "harness/measure/point/inputs.hpp"
#include "tests/catch.hpp"
#include "tests/mechanism.hpp"
#include "tests/slow_build.hpp"
#include "variants/all.hpp"

using namespace headcount;
using namespace headcount::testing;
using Catch::Matchers::Contains;

namespace {

struct Shape {
    std::int64_t q_len = 24, kv_len = 24, num_heads = 4, num_kv_heads = 4;
    bool causal = false, bias = false;
};

Problem problem_of(const Shape& shape, Scope scope, DType dtype) {
    ProblemSpec spec;
    spec.batch = 2;
    spec.q_len = shape.q_len;
    spec.kv_len = shape.kv_len;
    spec.embed_dim = 32;
    spec.num_heads = shape.num_heads;
    spec.num_kv_heads = shape.num_kv_heads;
    spec.causal = shape.causal;
    spec.bias = shape.bias;
    spec.scope = scope;
    spec.dtype = dtype;
    spec.pass = PassKind::backward;
    return resolve(spec);
}

const std::vector<Shape> kShapes{{},
                                 {.causal = true},
                                 {.q_len = 37, .kv_len = 19, .causal = true, .bias = true},
                                 {.q_len = 5, .kv_len = 70, .num_kv_heads = 2, .causal = true},
                                 {.q_len = 130, .kv_len = 130, .num_kv_heads = 1},
                                 {.num_heads = 1, .num_kv_heads = 1, .bias = true}};

/// f(point) for every variant and shape that `backend` can run.
template <class F>
void for_each_point(const std::string& backend, DType dtype, const F& f) {
    for (const auto& variant : all_variants()) {
        Thinned cases(3);
        for (const Shape& shape : kShapes) {
            for (const Scope scope : {Scope::core, Scope::layer}) {
                const Point point{
                    .variant = variant.name, .backend = backend, .problem = problem_of(shape, scope, dtype)};
                if (!why_unsupported(point).empty() || !cases.takes_next()) continue;
                CAPTURE(point.id());
                f(point);
            }
        }
    }
}

Count counted(Point point, PassKind pass) {
    point.problem.pass = pass;
    return count_point(point);
}

std::int64_t products(const Count& count, const std::vector<std::string>& roles, Ledger ledger) {
    std::int64_t multiplies = 0;
    for (const OpPart& part : count.ops) {
        const bool wanted = std::find(roles.begin(), roles.end(), part.role) != roles.end();
        if (part.op == "matmul" && wanted)
            multiplies += (ledger == Ledger::required ? part.required : part.executed).multiplies;
    }
    return multiplies;
}

const std::vector<std::string> kCore{"scores", "context"}, kProjections{"query", "key", "value", "qkv", "output"};

}  // namespace

TEST_CASE("derivatives of every variant agree with the differentiated definition, in double to rounding") {
    int points = 0;
    for_each_point("naive", DType::f64, [&](const Point& point) {
        PointData data = make_point_data(point);
        const CheckRecord check = check_point(data);
        INFO(check.worst << ": " << check.max_error << " of " << check.bound);
        CHECK(passed(check));
        // The bound is some 1e-12 of the derivative here; nothing hides in it.
        CHECK(check.bound < 1e-9);
        ++points;
    });
    CHECK(points >= 50);
}

TEST_CASE("derivatives agree on every backend that runs here, with one thread and two") {
    for (const auto& backend : all_backends()) {
        int points = 0;
        for_each_point(backend.name, DType::f32, [&](Point point) {
            for (const int threads : {1, 2}) {
                point.num_threads = threads;
                if (!why_unsupported(point).empty()) continue;
                PointData data = make_point_data(point);
                if (!data.backend->executes()) continue;
                const CheckRecord check = check_point(data);
                INFO(check.worst << ": " << check.max_error << " of " << check.bound);
                CHECK(passed(check));
                CHECK(check.worst.find("derivative by") == 0);
                ++points;
            }
        });
        INFO(backend.name);
        CHECK((points >= (kSlowBuild ? 15 : 50) || !backend.value.missing.empty() || backend.name == "counting"));
    }
}

TEST_CASE("a derivative that is wrong in one row, scaled or missing is caught") {
    const Point point{.variant = "multi_head",
                      .backend = "naive",
                      .problem = problem_of({.q_len = 64, .kv_len = 64}, Scope::core, DType::f32)};
    PointData data = make_point_data(point);
    const GradientReference right = gradient_reference(data, question_of(data));
    REQUIRE(passed(check_gradients(data, right)));
    for (const auto& [part, slope] : right.slopes) {
        GradientReference wrong = right;
        wrong.slopes[part] = slope * 1.001;
        CHECK_FALSE(passed(check_gradients(data, wrong)));
        CHECK_THAT(check_gradients(data, wrong).worst, Contains("by " + part));
    }
    // One output row's derivative that the judge is not told of.
    GradientReference row = right;
    for (std::size_t j = 0; j < 32; ++j) row.factors[j] = 0;
    CHECK_FALSE(passed(check_gradients(data, row)));
}

TEST_CASE(
    "the core's derivatives take 4 B P E products, with scores made again 5; projections twice the forward pass") {
    for_each_point("naive", DType::f32, [&](const Point& point) {
        if (!computes_attention(find_named(all_variants(), point.variant, "variant"))) return;  // other products
        const Count forward = counted(point, PassKind::forward), backward = counted(point, PassKind::backward);
        const Count both = counted(point, PassKind::both);
        const Problem& p = point.problem;
        const std::int64_t one = p.batch * p.mask().pairs(p.q_len, p.kv_len) * p.num_heads * p.head_dim;
        CHECK(products(forward, kCore, Ledger::required) == 2 * one);
        CHECK(products(backward, kCore, Ledger::required) == 4 * one);
        CHECK(products(backward, kProjections, Ledger::required) ==
              2 * products(forward, kProjections, Ledger::required));
        CHECK(both.total(Ledger::required) == forward.total(Ledger::required) + backward.total(Ledger::required));
        CHECK(both.total(Ledger::executed) == forward.total(Ledger::executed) + backward.total(Ledger::executed));
        if (point.variant == "streaming" && !p.causal) CHECK(products(backward, kCore, Ledger::executed) == 5 * one);
        if (point.variant == "multi_head" && !p.causal) CHECK(products(backward, kCore, Ledger::executed) == 4 * one);
    });
}

TEST_CASE("memory of a backward pass is what the dry run predicted, and the fused one holds no scores") {
    for_each_point("naive", DType::f32, [&](const Point& point) {
        PointData data = make_point_data(point);
        const Count count = count_point(point);
        run_pass(data);
        CHECK(data.temporaries_bytes() == count.workspace_bytes);
        CHECK(data.workspace.reserved_bytes() + data.backward->kept_reserved_bytes == count.workspace_reserved_bytes);
        const Variant& variant = find_named(all_variants(), point.variant, "variant");
        if (computes_attention(variant)) CHECK((count.score_bytes > 0) == variant.stores_scores);
    });
}

TEST_CASE("a backward pass leaves what it began with: the next one, and both together, give the same bits") {
    for (const std::string backend : {"naive", "simd"}) {
        for_each_point(backend, DType::f32, [&](const Point& point) {
            PointData data = make_point_data(point);
            const Tensor& x = point.problem.scope == Scope::core ? data.layout.inputs.k : data.layout.inputs.x_q;
            const Tensor dx = data.backward->derivatives.of(x);
            const auto bits = [&] {
                const auto* const first = static_cast<const char*>(dx.data);
                return std::vector<char>(first, first + dx.bytes());
            };
            run_pass(data);
            const std::vector<char> once = bits();
            poison(dx);
            run_pass(data);
            CHECK(bits() == once);
            data.point.problem.pass = PassKind::both;
            poison(dx);
            run_pass(data);
            CHECK(bits() == once);
        });
    }
}

TEST_CASE("an engine has no backward pass, and says so") {
    Point point{
        .variant = "external", .backend = "onednn_primitives", .problem = problem_of({}, Scope::core, DType::f32)};
    CHECK_THAT(why_unsupported(point), Contains("forward passes only"));
}
