// The kernel for a few queries against many keys, as in decoding, on every instruction set of this processor.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "harness/backend/naive_backend.hpp"
#include "tests/backend/every_target.hpp"
#include "tests/backend/random_heads.hpp"
#include "tests/catch.hpp"
#include "tests/slow_build.hpp"

using namespace headcount;
using namespace headcount::testing;

TEST_CASE("a few queries against many keys are right for every group, width and sharing among threads") {
    on_every_target([] {
        std::mt19937 random(5);
        const auto pick = [&](auto... of) {
            const std::array<std::int64_t, sizeof...(of)> all{of...};
            return all[random() % all.size()];
        };
        for (const int threads : {1, 2, 5}) {
            const auto backend = make_simd(threads);
            NaiveBackend exact;
            for (int i = 0; i < (kSlowBuild ? 5 : 25); ++i) {
                const std::int64_t b = pick(1, 2, 3), heads = pick(1, 2, 5, 17), group = pick(1, 2, 3);
                const std::int64_t q_len = pick(1, 1, 2, 3, 4), kv_len = pick(1, 2, 127, 128, 130, 500, 1100);
                const std::int64_t d = pick(4, 20, 64, 80, 96, 7), dv = pick(4, 20, 64, 80, 96, 7);
                const bool columns_apart = random() % 4 == 0, heads_apart = random() % 3 == 0;
                const Mask mask{.causal = random() % 2 == 0};
                // One matrix a tensor: heads side by side in a row, one after another, or each transposed.
                const auto tensor = [&](auto& x, DType dtype, std::int64_t rows, std::int64_t width, std::int64_t g) {
                    Tensor t = split_heads(dense(x.data(), dtype, {b, 1, 1, rows, width * heads * g}), heads, g);
                    if (heads_apart) t = dense(x.data(), dtype, {b, heads, g, rows, width});
                    if (columns_apart) t = dense(x.data(), dtype, {b, heads, g, width, rows}).transposed();
                    return t;
                };
                std::vector<float> q(static_cast<std::size_t>(b * heads * group * q_len * d)),
                    k(static_cast<std::size_t>(b * heads * kv_len * d)),
                    v(static_cast<std::size_t>(b * heads * kv_len * dv)),
                    out(static_cast<std::size_t>(b * heads * group * q_len * dv), NAN);
                std::normal_distribution<float> normal(0, 2);
                for (auto* x : {&q, &k, &v}) {
                    for (float& e : *x) e = normal(random);
                }
                std::vector<double> q64(q.begin(), q.end()), k64(k.begin(), k.end()), v64(v.begin(), v.end()),
                    out64(out.size()), scores64(static_cast<std::size_t>(b * heads * group * q_len * kv_len));
                const Tensor tq = tensor(q, DType::f32, q_len, d, group), tk = tensor(k, DType::f32, kv_len, d, 1);
                const Tensor tv = tensor(v, DType::f32, kv_len, dv, 1), to = tensor(out, DType::f32, q_len, dv, group);
                const AttendShape shape = attend_shape(tq, tk, tv);
                Workspace ws = Workspace::reserve(4 * backend->attend_plan(shape, mask).scratch_elements + 64);
                backend->attend("core", 0.2, mask, tq, tk, tv, to, ws);
                const Tensor scores = dense(scores64.data(), DType::f64, {b, heads, group, q_len, kv_len});
                exact.matmul("scores", tensor(q64, DType::f64, q_len, d, group),
                             tensor(k64, DType::f64, kv_len, d, 1).transposed(), scores,
                             {.scale = 0.2, .bias = nullptr, .mask = {}, .masked = {}});
                exact.softmax_rows("weights", mask, scores);
                exact.matmul("context", scores, tensor(v64, DType::f64, kv_len, dv, 1),
                             tensor(out64, DType::f64, q_len, dv, group));
                double worst = 0;
                for (std::size_t e = 0; e < out.size(); ++e) {
                    const double difference = std::abs(static_cast<double>(out[e]) - out64[e]);
                    worst = std::isfinite(difference) ? std::max(worst, difference) : INFINITY;
                }
                CAPTURE(threads, b, heads, group, q_len, kv_len, d, dv, columns_apart, heads_apart, mask.causal);
                REQUIRE(worst < 5e-5);
            }
        }
    });
}

TEST_CASE("large scores of one query neither overflow nor lose the largest") {
    on_every_target([] {
        const auto backend = make_simd(2);
        for (const float spread : {10.0F, 100.0F}) {
            CAPTURE(spread);
            Heads p(4, 1, 1500, 16, 16, spread);
            const double scores = static_cast<double>(spread) * static_cast<double>(spread) * 16;
            REQUIRE(p.error(*backend, 1, {}) < scores * 4e-7 * static_cast<double>(spread) * 4);
        }
    });
}
