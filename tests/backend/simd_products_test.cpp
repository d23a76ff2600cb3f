// Products of simd on every instruction set of this processor: edges of panels and depths, and the mask.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "harness/backend/naive_backend.hpp"
#include "tests/backend/every_target.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using namespace headcount::testing;

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
