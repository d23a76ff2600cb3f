// Inputs of the fused core, and how far a backend's answer is from softmax(scale q k^T) v in double precision.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "harness/backend/naive_backend.hpp"

namespace headcount::testing {

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

}  // namespace headcount::testing
