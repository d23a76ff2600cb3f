// The simd kernels on every instruction set of this processor: edges of their blocks, extremes of their inputs.
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "harness/backend/naive_backend.hpp"
#include "harness/backend/simd/kernels.hpp"
#include "tests/backend/every_target.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

/// q, k, v [1, heads, 1, len, width] as strided heads of one matrix each, in both precisions.
struct Heads {
    Heads(std::int64_t num_heads, std::int64_t q_len, std::int64_t kv_len, std::int64_t d, std::int64_t dv,
          float spread)
        : heads(num_heads), random(static_cast<unsigned>(q_len * 1000 + kv_len + d)) {
        const auto fill = [&](std::vector<float>& x, std::vector<double>& y, std::int64_t rows, std::int64_t width) {
            std::normal_distribution<float> normal(0, spread);
            x.resize(static_cast<std::size_t>(rows * width * heads));
            for (float& e : x) y.push_back(e = normal(random));
        };
        fill(q32, q64, q_len, d);
        fill(k32, k64, kv_len, d);
        fill(v32, v64, kv_len, dv);
        out32.assign(static_cast<std::size_t>(q_len * dv * heads), NAN);
        out64.resize(out32.size());
        scores64.resize(static_cast<std::size_t>(q_len * kv_len * heads));
        const auto window = [&](auto& x, DType dtype, std::int64_t rows, std::int64_t width) {
            return split_heads(dense(x.data(), dtype, {1, 1, 1, rows, width * heads}), heads, 1);
        };
        q = window(q32, DType::f32, q_len, d), k = window(k32, DType::f32, kv_len, d);
        v = window(v32, DType::f32, kv_len, dv), out = window(out32, DType::f32, q_len, dv);
        exact_q = window(q64, DType::f64, q_len, d), exact_k = window(k64, DType::f64, kv_len, d);
        exact_v = window(v64, DType::f64, kv_len, dv), exact_out = window(out64, DType::f64, q_len, dv);
        scores = dense(scores64.data(), DType::f64, {1, heads, 1, q_len, kv_len});
    }

    /// Largest difference from softmax(scale q k^T) v in double precision, computed step by step.
    double error(Backend& backend, double scale, Mask mask) {
        Workspace ws = Workspace::reserve(4 * backend.attend_plan(attend_shape(q, k, v), mask).scratch_elements + 64);
        backend.attend("core", scale, mask, q, k, v, out, ws);
        NaiveBackend exact;
        exact.matmul("scores", exact_q, exact_k.transposed(), scores,
                     {.scale = scale, .bias = nullptr, .mask = {}, .masked = {}});
        exact.softmax_rows("weights", mask, scores);
        exact.matmul("context", scores, exact_v, exact_out);
        double worst = 0;
        for (std::size_t i = 0; i < out32.size(); ++i) {
            const double difference = std::abs(static_cast<double>(out32[i]) - out64[i]);
            worst = std::isfinite(difference) ? std::max(worst, difference) : INFINITY;
        }
        return worst;
    }

    std::int64_t heads;
    std::mt19937 random;
    std::vector<float> q32, k32, v32, out32;
    std::vector<double> q64, k64, v64, out64, scores64;
    Tensor q, k, v, out, exact_q, exact_k, exact_v, exact_out, scores;
};

}  // namespace

TEST_CASE("the fused core is right at every edge of its blocks") {
    on_every_target([] {
        for (const int threads : {1, 2}) {
            const auto backend = make_simd(threads);
            for (const std::int64_t length : {1, 7, 16, 47, 48, 49, 64, 65, 127, 128, 200, 513}) {
                for (const std::int64_t d : {4, 16, 20, 64, 80, 96}) {
                    if (length > 200 && d != 20) continue;
                    for (const bool causal : {false, true}) {
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
            for (int i = 0; i < 25; ++i) {
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

TEST_CASE("the exponential is within 4 ulp wherever weights are normal numbers, exact for whole numbers") {
    on_every_target([] {
        std::vector<float> x;
        for (float e = 0; e >= -126; e -= 1) x.push_back(e);
        const std::size_t whole = x.size();
        for (std::uint32_t bits = 0; bits < 0x42FC0000U; bits += 1009) {  // -0 .. -126
            float e = 0;
            const std::uint32_t negative = bits | 0x80000000U;
            std::memcpy(&e, &negative, sizeof e);
            x.push_back(e);
        }
        std::vector<float> y = x;
        simd::exp2_all(y.data(), static_cast<std::int64_t>(y.size()));
        double worst = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double exact = std::exp2(static_cast<double>(x[i]));
            const double ulp = std::exp2(std::floor(std::log2(exact)) - 23);
            worst = std::max(worst, std::abs(static_cast<double>(y[i]) - exact) / ulp);
            if (i < whole) REQUIRE(static_cast<double>(y[i]) == exact);
        }
        CAPTURE(worst);
        REQUIRE(worst <= 4);
        REQUIRE(worst > 0.5);  // it is this polynomial that was asked, not the library's
        std::vector<float> edges{-127, -1e30F, -std::numeric_limits<float>::max(), -INFINITY};
        simd::exp2_all(edges.data(), 4);
        for (const float y_edge : edges) REQUIRE(y_edge <= 1.2e-38F);
        // Whatever bits a NaN carries: those that the scaling by 2^n would read as n are among them.
        std::vector<float> nans{NAN, -NAN, std::nanf("1"), std::nanf("511"), -std::nanf("256"), std::nanf("0x3fffff")};
        simd::exp2_all(nans.data(), static_cast<std::int64_t>(nans.size()));
        for (const float y_nan : nans) REQUIRE(std::isnan(y_nan));
    });
}

TEST_CASE("products are right at every edge of their panels and depths") {
    on_every_target([] {
        std::mt19937 random(1);
        std::normal_distribution<float> normal;
        for (const int threads : {1, 3}) {
            const auto backend = make_simd(threads);
            NaiveBackend exact;
            for (const auto [m, depth, n] :
                 {std::array{1, 1, 1}, {9, 513, 49}, {130, 1100, 97}, {300, 64, 48}, {5, 512, 16}}) {
                std::vector<float> a(static_cast<std::size_t>(m * depth)), b(static_cast<std::size_t>(depth * n)),
                    c(static_cast<std::size_t>(m * n)), bias(static_cast<std::size_t>(n));
                for (auto* x : {&a, &b, &bias}) {
                    for (float& e : *x) e = normal(random);
                }
                std::vector<double> a64(a.begin(), a.end()), b64(b.begin(), b.end()), c64(c.size()),
                    bias64(bias.begin(), bias.end());
                const Tensor bias_row = dense(bias.data(), DType::f32, {1, 1, 1, 1, n});
                const Tensor bias_row64 = dense(bias64.data(), DType::f64, {1, 1, 1, 1, n});
                backend->matmul("x", dense(a.data(), DType::f32, {1, 1, 1, m, depth}),
                                dense(b.data(), DType::f32, {1, 1, 1, depth, n}),
                                dense(c.data(), DType::f32, {1, 1, 1, m, n}),
                                {.scale = 0.5, .bias = &bias_row, .mask = {}, .masked = {}});
                exact.matmul("x", dense(a64.data(), DType::f64, {1, 1, 1, m, depth}),
                             dense(b64.data(), DType::f64, {1, 1, 1, depth, n}),
                             dense(c64.data(), DType::f64, {1, 1, 1, m, n}),
                             {.scale = 0.5, .bias = &bias_row64, .mask = {}, .masked = {}});
                double worst = 0;
                for (std::size_t i = 0; i < c.size(); ++i)
                    worst = std::max(worst, std::abs(static_cast<double>(c[i]) - c64[i]));
                CAPTURE(threads, m, depth, n);
                REQUIRE(worst < 2e-5 * std::sqrt(depth));
            }
        }
    });
}

TEST_CASE("causal products are right where the mask lets something through, and touch no tile that it hides") {
    on_every_target([] {
        std::mt19937 random(2);
        std::normal_distribution<float> normal;
        const auto random_matrix = [&](std::int64_t rows, std::int64_t cols) {
            std::vector<float> x(static_cast<std::size_t>(rows * cols));
            for (float& e : x) e = normal(random);
            return x;
        };
        const auto window = [](std::vector<float>& x, std::int64_t rows, std::int64_t cols) {
            return dense(x.data(), DType::f32, {1, 1, 1, rows, cols});
        };
        const auto at = [](const std::vector<float>& x, std::int64_t i, std::int64_t cols, std::int64_t j) {
            return static_cast<double>(x[static_cast<std::size_t>(i * cols + j)]);
        };
        constexpr std::int64_t d = 20;
        const Mask causal{.causal = true};
        for (const int threads : {1, 3}) {
            const auto backend = make_simd(threads);
            for (const auto [q_len, kv_len] :
                 {std::array{1, 1}, {1, 70}, {70, 1}, {129, 129}, {200, 1100}, {300, 77}}) {
                CAPTURE(threads, q_len, kv_len);
                const auto visible = [&, q_len = q_len, kv_len = kv_len](std::int64_t row) {
                    return causal.visible(row, q_len, kv_len);
                };
                std::vector<float> q = random_matrix(q_len, d), k = random_matrix(d, kv_len);
                std::vector<float> scores(static_cast<std::size_t>(q_len * kv_len), NAN);
                backend->matmul("scores", window(q, q_len, d), window(k, d, kv_len), window(scores, q_len, kv_len),
                                {.scale = 0.5, .bias = nullptr, .mask = causal, .masked = Masked::output});
                double worst = 0;
                std::int64_t untouched = 0;
                for (std::int64_t i = 0; i < q_len; ++i) {
                    for (std::int64_t j = 0; j < kv_len; ++j) {
                        double exact = 0;
                        for (std::int64_t c = 0; c < d; ++c) exact += 0.5 * at(q, i, d, c) * at(k, c, kv_len, j);
                        const double got = at(scores, i, kv_len, j);
                        if (j < visible(i)) worst = std::max(worst, std::isnan(got) ? INFINITY : std::abs(got - exact));
                        untouched += std::isnan(got) ? 1 : 0;
                    }
                }
                REQUIRE(worst < 1e-5);
                if (q_len == 300) REQUIRE(untouched > 200 * 77);

                // Weights as softmax leaves them.
                std::vector<float> weights(scores.size(), 0), values = random_matrix(kv_len, d);
                for (std::int64_t i = 0; i < q_len; ++i) {
                    for (std::int64_t j = 0; j < visible(i); ++j) {
                        weights[static_cast<std::size_t>(i * kv_len + j)] = normal(random);
                    }
                }
                std::vector<float> context(static_cast<std::size_t>(q_len * d), NAN);
                backend->matmul("context", window(weights, q_len, kv_len), window(values, kv_len, d),
                                window(context, q_len, d),
                                {.scale = {}, .bias = nullptr, .mask = causal, .masked = Masked::left});
                worst = 0;
                for (std::int64_t i = 0; i < q_len; ++i) {
                    for (std::int64_t c = 0; c < d; ++c) {
                        double exact = 0;
                        for (std::int64_t j = 0; j < visible(i); ++j)
                            exact += at(weights, i, kv_len, j) * at(values, j, d, c);
                        const double got = at(context, i, d, c);
                        worst = std::max(worst, std::isnan(got) ? INFINITY : std::abs(got - exact));
                    }
                }
                REQUIRE(worst < 2e-5 * std::sqrt(static_cast<double>(kv_len)));
            }
        }
    });
}

TEST_CASE("an instruction set that is not here is named in the error") {
    REQUIRE_THROWS_WITH(simd::force_target("AVX9"), Catch::Contains("AVX9"));
}
