// All variants on all backends against the reference, and wrong kernels that must be caught.
#include "harness/measure/point/check.hpp"

#include <array>
#include <cmath>
#include <random>

#include "harness/backend/all.hpp"
#include "harness/backend/naive_backend.hpp"
#include "harness/core/bfloat16.hpp"
#include "harness/core/counted.hpp"
#include "harness/core/engine.hpp"
#include "harness/core/error.hpp"
#include "harness/core/field_table.hpp"
#include "tests/catch.hpp"
#include "tests/measure/random_problem.hpp"
#include "tests/mechanism.hpp"
#include "tests/slow_build.hpp"
#include "variants/all.hpp"
#include "variants/steps.hpp"

using namespace headcount;
using headcount::testing::random_problem;

namespace {

void multiply_inputs(PointData& data, double factor) {
    for (const Tensor* t : {&data.layout.inputs.x_q, &data.layout.inputs.q}) {
        for (std::int64_t i = 0; i < (t->data == nullptr ? 0 : t->elements()); ++i) {
            if (t->dtype == DType::f32) static_cast<float*>(t->data)[i] *= static_cast<float>(factor);
            if (t->dtype == DType::f64) static_cast<double*>(t->data)[i] *= factor;
            if (t->dtype == DType::bf16) {
                auto& x = static_cast<BFloat16*>(t->data)[i];
                x = BFloat16(static_cast<float>(x) * static_cast<float>(factor));
            }
        }
    }
}

/// Checks every variant on every backend that can run this problem; returns how many.
int check_everywhere(const Problem& problem, std::uint64_t seed, int num_threads, double input_factor = 1) {
    int checked = 0;
    std::mt19937_64 random(seed);
    for (const auto& variant : all_variants()) {
        for (const auto& backend : all_backends()) {
            const Point plain{.variant = variant.name,
                              .backend = backend.name,
                              .problem = problem,
                              .num_threads = num_threads,
                              .seed = seed};
            for (const Point& point : headcount::testing::with_random_options(plain, variant.value, random)) {
                if (!why_unsupported(point).empty()) continue;
                PointData data = make_point_data(point);
                if (!data.backend->executes()) continue;
                multiply_inputs(data, input_factor);
                const CheckRecord check = check_point(data);
                INFO(point.id() << ": " << check.max_error << " against " << check.bound << " at " << check.worst);
                REQUIRE(check.done);
                REQUIRE(passed(check));
                REQUIRE(check.rows_checked > 0);
                ++checked;
            }
        }
    }
    return checked;
}

Problem problem(std::int64_t q_len, std::int64_t kv_len, std::int64_t embed_dim, std::int64_t num_heads, bool causal) {
    ProblemSpec spec;
    spec.q_len = q_len;
    spec.kv_len = kv_len;
    spec.embed_dim = embed_dim;
    spec.num_heads = num_heads;
    spec.causal = causal;
    return resolve(spec);
}

/// Forward passes of multi_head with one fault each.
enum class Fault : std::uint8_t { none, scale, mask, heads, forgotten_bias, unwritten };
Fault fault = Fault::none;  // a forward pass is a plain function

void faulty_forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const Weights& weights = pass.weights;
    const Tensor& out = pass.out;
    Backend& backend = pass.backend;
    const auto [q, k, v] = project_qkv(pass);
    const Tensor scores = take_scores(pass);
    const Tensor context = take_context(pass);
    Tensor keys = key_heads(k, p);
    if (fault == Fault::heads) {
        // Heads in reverse: every query head meets the keys of another.
        keys = keys.head(p.num_kv_heads - 1, 0);
        keys.extent[1] = p.num_kv_heads;
        keys.stride[1] = -p.head_dim;
    }
    const double scale = fault == Fault::scale ? 1 / std::sqrt(static_cast<double>(p.embed_dim)) : p.scale();
    backend.matmul("scores", query_heads(q, p), keys.transposed(), scores,
                   {.scale = scale, .bias = nullptr, .mask = p.mask(), .masked = Masked::output});
    if (fault == Fault::mask) {
        // Without its last column the matrix has the causal mask that hides one key more in every row.
        Tensor narrow = scores;
        narrow.extent[4] = p.kv_len - 1;
        backend.softmax_rows("weights", p.mask(), narrow);
        for_each_matrix(scores, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            for (std::int64_t i = 0; i < p.q_len && backend.executes(); ++i) {
                if (scores.dtype == DType::bf16) {
                    *scores.at<BFloat16>(b, n, g, i, p.kv_len - 1) = {};
                } else {
                    *scores.at<float>(b, n, g, i, p.kv_len - 1) = 0;
                }
            }
        });
    } else {
        backend.softmax_rows("weights", p.mask(), scores);
    }
    backend.matmul("context", scores, key_heads(v, p), query_heads(context, p),
                   {.scale = {}, .bias = nullptr, .mask = p.mask(), .masked = Masked::left});
    if (fault == Fault::unwritten) {
        backend.matmul("output", context.row_range(0, p.q_len - 1), weights.at("wo"), out.row_range(0, p.q_len - 1));
    } else {
        const Tensor* const bias = fault == Fault::forgotten_bias ? nullptr : weights.find("bo");
        project(pass, "output", context, weights.at("wo"), bias, out);
    }
}

const Variant kFaulty{.summary = "multi_head with a fault",
                      .source = "this test",
                      .definition = judge::attention(),
                      .forward = faulty_forward};

CheckRecord check_with(Fault which, const Problem& p, const char* backend) {
    fault = which;
    PointData data = make_point_data({.variant = "multi_head", .backend = backend, .problem = p});
    data.variant = &kFaulty;
    const CheckRecord check = check_point(data);
    fault = Fault::none;
    return check;
}

}  // namespace

TEST_CASE("all variants on all backends agree with the reference on random shapes") {
    std::mt19937_64 random(20);
    constexpr int kShapes = testing::kSlowBuild ? 50 : 150;
    int checked = 0;
    for (int i = 0; i < kShapes; ++i)
        checked += check_everywhere(random_problem(random, 40, true), random(), i % 5 == 0 ? 2 : 1);
    REQUIRE(checked > 4 * kShapes);
}

TEST_CASE("all variants on all backends agree with the reference on the corners") {
    for (const bool causal : {false, true}) {
        REQUIRE(check_everywhere(problem(1, 1, 1, 1, causal), 1, 1) > 0);      // nothing but scalars
        REQUIRE(check_everywhere(problem(1, 1, 16, 4, causal), 1, 1) > 0);     // one token
        REQUIRE(check_everywhere(problem(33, 33, 16, 16, causal), 1, 1) > 0);  // one column a head
        REQUIRE(check_everywhere(problem(1, 77, 30, 3, causal), 1, 1) > 0);    // decoding
        REQUIRE(check_everywhere(problem(77, 1, 30, 3, causal), 1, 1) > 0);    // rows without any key
        REQUIRE(check_everywhere(problem(41, 17, 14, 7, causal), 1, 1) > 0);
        REQUIRE(check_everywhere(problem(67, 131, 26, 2, causal), 1, 2) > 0);
        REQUIRE(check_everywhere(problem(300, 300, 32, 4, causal), 1, 2) > 0);  // rows are sampled
    }
}

TEST_CASE("large logits overflow nowhere") {
    for (const double factor : {30.0, 1e3, 1e5}) {
        REQUIRE(check_everywhere(problem(20, 20, 24, 4, true), 1, 1, factor) > 0);
        REQUIRE(check_everywhere(problem(9, 90, 24, 1, false), 1, 1, factor) > 0);
    }
}

TEST_CASE("rows without keys give exactly zero in core scope") {
    Problem p = problem(9, 4, 12, 3, true);
    p.scope = Scope::core;
    for (const char* variant : {"multi_head", "multi_head_split", "multi_head_looped", "streaming"}) {
        for (const char* backend : {"naive", "blas"}) {
            const Point point{.variant = variant, .backend = backend, .problem = p};
            if (!why_unsupported(point).empty()) continue;
            PointData data = make_point_data(point);
            REQUIRE(passed(check_point(data)));
            for (std::int64_t i = 0; i < 5; ++i) {
                for (std::int64_t j = 0; j < 12; ++j) REQUIRE(*data.layout.out.at<float>(0, 0, 0, i, j) == 0.0F);
            }
            REQUIRE(*data.layout.out.at<float>(0, 0, 0, 5, 0) != 0.0F);
        }
    }
}

TEST_CASE("the copy of multi_head that the faults start from is right") {
    REQUIRE(passed(check_with(Fault::none, problem(64, 64, 64, 4, true), "naive")));
}

TEST_CASE("a wrong scale, a mask off by one, swapped heads and a forgotten bias are caught, with the place named") {
    for (const std::int64_t len : {3, 64, 400}) {
        for (const std::int64_t heads : {2, 8}) {
            Problem p = problem(len, len, 64, heads, true);
            p.bias = true;
            for (const Fault which : {Fault::scale, Fault::mask, Fault::heads, Fault::forgotten_bias}) {
                const CheckRecord check = check_with(which, p, "naive");
                CAPTURE(len, heads, static_cast<int>(which), check.max_error, check.bound);
                REQUIRE_FALSE(passed(check));
                REQUIRE(check.max_error > 20 * check.bound);  // not barely
                REQUIRE(check.worst.find("row") != std::string::npos);
            }
        }
    }
}

TEST_CASE("the same faults are caught in bf16, whose bound allows for 8 bits of every stored number") {
    for (const std::int64_t len : {3, 64, 400}) {
        for (const std::int64_t heads : {2, 8}) {
            Problem p = problem(len, len, 64, heads, true);
            p.bias = true;
            p.dtype = DType::bf16;
            REQUIRE(passed(check_with(Fault::none, p, "naive")));
            for (const Fault which : {Fault::scale, Fault::mask, Fault::heads, Fault::forgotten_bias}) {
                const CheckRecord check = check_with(which, p, "naive");
                CAPTURE(len, heads, static_cast<int>(which), check.max_error, check.bound);
                REQUIRE_FALSE(passed(check));
            }
        }
    }
}

TEST_CASE("bf16 is checked in the corners, and after inputs that make large logits") {
    for (const bool causal : {false, true}) {
        for (const auto& [q_len, kv_len, embed_dim, num_heads] :
             {std::array{1, 1, 1, 1}, {1, 77, 30, 3}, {77, 1, 30, 3}, {33, 33, 16, 16}, {127, 127, 80, 1}}) {
            Problem p = problem(q_len, kv_len, embed_dim, num_heads, causal);
            p.dtype = DType::bf16;
            for (const Scope scope : {Scope::layer, Scope::core}) {
                p.scope = scope;
                REQUIRE(check_everywhere(p, 1, 1) > 0);
                REQUIRE(check_everywhere(p, 1, 1, 30.0) > 0);
            }
        }
    }
}

TEST_CASE("only what stores scores is allowed their rounding in bf16") {
    Problem p = problem(40, 40, 32, 2, false);
    p.dtype = DType::bf16;
    p.scope = Scope::core;
    ReferenceCache cache;
    const auto bound = [&](const char* variant) {
        PointData data = make_point_data({.variant = variant, .backend = "naive", .problem = p});
        REQUIRE(passed(check_point(data, &cache)));
        return cache.of(data).bound;
    };
    const std::vector<double> stored = bound("multi_head"), fused = bound("streaming");
    REQUIRE(stored.size() == fused.size());
    for (std::size_t i = 0; i < stored.size(); ++i) REQUIRE(fused[i] < stored[i]);
}

TEST_CASE("what cannot run in bf16 says why") {
    Problem p = problem(8, 8, 16, 2, false);
    p.dtype = DType::bf16;
    const auto reason = [&](const char* variant, const char* backend) {
        return why_unsupported({.variant = variant, .backend = backend, .problem = p});
    };
    REQUIRE(reason("streaming", "naive").empty());
    REQUIRE(reason("streaming", "counting").empty());
    REQUIRE(reason("external", "torch_default").find("bf16 is not in their protocol") != std::string::npos);
    const std::string blas = reason("streaming", "blas");
    REQUIRE((blas.find("naive computes bf16") != std::string::npos || blas.find("is missing") != std::string::npos));
    for (const char* variant : {"streaming", "multi_head"}) {  // in a layer
        REQUIRE(reason(variant, "simd") == "in bf16 simd has the fused core only; naive has all verbs");
    }
    p.scope = Scope::core;
    REQUIRE(reason("streaming", "simd").empty());
    REQUIRE_FALSE(reason("multi_head", "simd").empty());
}

TEST_CASE("a backend with the fused core alone runs what calls no other verb: core scope, no stored scores") {
    for (const Scope scope : {Scope::core, Scope::layer}) {
        for (const auto& variant : all_variants()) {
            Problem p = problem(8, 8, 16, 2, false);
            p.dtype = DType::bf16;
            p.scope = scope;
            const Point point{.variant = variant.name, .backend = "simd", .problem = p};
            if (is_external(point) || !why_unsupported(variant.value, point).empty()) continue;
            INFO(point.id());
            // Weights that core scope has, too, are factors of products (linformer).
            const bool only_core = scope == Scope::core && !variant.value.stores_scores && !variant.value.weights;
            CHECK(why_unsupported(point).empty() == only_core);
        }
    }
}

TEST_CASE("a wrong scale is caught without a mask and in a wide layer, too") {
    REQUIRE_FALSE(passed(check_with(Fault::scale, problem(300, 300, 128, 8, false), "naive")));
    REQUIRE_FALSE(passed(check_with(Fault::heads, problem(300, 300, 128, 8, false), "naive")));
}

TEST_CASE("output that forward() does not write is not finite, and fails") {
    const CheckRecord check = check_with(Fault::unwritten, problem(8, 8, 16, 2, false), "naive");
    REQUIRE_FALSE(passed(check));
    REQUIRE(std::isinf(check.max_error));
    REQUIRE(check.worst == "batch 0, row 7, col 0, not finite");
}

TEST_CASE("long sequences are checked on sampled rows, first and last of a batch entry included") {
    Problem p = problem(5000, 10, 8, 2, false);
    p.batch = 4;
    const std::vector<judge::Row> rows = judge::rows_to_check(p, 3);
    REQUIRE(rows == judge::rows_to_check(p, 3));
    REQUIRE(rows != judge::rows_to_check(p, 4));
    REQUIRE(rows.size() > 25);
    REQUIRE(rows.size() < 100);
    for (const std::int64_t b : {0, 3}) {
        for (const std::int64_t i : {0, 4999}) {
            REQUIRE(std::count(rows.begin(), rows.end(), judge::Row{.batch = b, .index = i}) == 1);
        }
    }
    p.q_len = 60;
    REQUIRE(judge::rows_to_check(p, 3).size() == 240);
}

TEST_CASE("a cached reference serves other variants of the same problem, and no other problem") {
    ReferenceCache cache;
    const Problem p = problem(20, 20, 16, 4, true);
    for (const char* variant : {"multi_head", "streaming", "block_diagonal", "multi_head"}) {
        PointData data = make_point_data({.variant = variant, .backend = "naive", .problem = p});
        REQUIRE(passed(check_point(data, &cache)));
    }
    PointData other =
        make_point_data({.variant = "multi_head", .backend = "naive", .problem = problem(20, 20, 16, 2, true)});
    REQUIRE(passed(check_point(other, &cache)));
}

TEST_CASE("a backend that computes nothing is not checked") {
    PointData data =
        make_point_data({.variant = "multi_head", .backend = "counting", .problem = problem(8, 8, 16, 2, false)});
    const CheckRecord check = check_point(data);
    REQUIRE_FALSE(check.done);
    REQUIRE_FALSE(passed(check));
}
