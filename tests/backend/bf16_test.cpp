// The simd kernels in bf16 on every instruction set of this processor, against float64 on the stored numbers.
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

// The kernel's own source, for one instruction set (why AVX3_DL: harness/backend/targets.hpp).
#define HWY_WANT_AVX3_DL
// clang-format off
#include <hwy/highway.h>
#include "harness/backend/simd/stream-inl.hpp"
// clang-format on

#include "harness/backend/naive_backend.hpp"
#include "harness/backend/simd/cost.hpp"
#include "harness/backend/simd/kernels.hpp"
#include "harness/core/bfloat16.hpp"
#include "harness/core/counted.hpp"
#include "tests/backend/counted_lanes.hpp"
#include "tests/backend/every_target.hpp"
#include "tests/catch.hpp"
#include "tests/slow_build.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

struct Shape {
    std::int64_t kv_heads = 1, group = 1, q_len = 1, kv_len = 1, d = 1, dv = 1;
    bool columns_apart = false;  ///< every tensor transposed in memory: no two columns side by side
};

/// Heads side by side in wide rows, and the exact answer. What lies between rows and heads is NaN.
class Problem16 {
public:
    explicit Problem16(const Shape& shape)
        : s_(shape), random_(static_cast<unsigned>(s_.q_len * 7 + s_.kv_len + s_.d)) {
        q = tensor(memory_[0], s_.q_len, s_.d, s_.group);
        k = tensor(memory_[1], s_.kv_len, s_.d, 1);
        v = tensor(memory_[2], s_.kv_len, s_.dv, 1);
        out = tensor(memory_[3], s_.q_len, s_.dv, s_.group);
        for (const Tensor* t : {&q, &k, &v}) {
            std::normal_distribution<float> normal;
            each(*t, [&](BFloat16& x) { x = BFloat16(normal(random_)); });
        }
    }

    /// The largest error in units of what rounding to bf16 may do: 2^-8 of the output and of every weight.
    double error(Backend& backend, Mask mask) {
        const double scale = 1 / std::sqrt(static_cast<double>(s_.d));
        Workspace ws = Workspace::reserve(4 * backend.attend_plan(attend_shape(q, k, v), mask).scratch_elements + 64);
        backend.attend("core", scale, mask, q, k, v, out, ws);
        double worst = 0;
        for (std::int64_t n = 0; n < s_.kv_heads; ++n) {
            for (std::int64_t g = 0; g < s_.group; ++g) {
                for (std::int64_t i = 0; i < s_.q_len; ++i) worst = std::max(worst, error_of_row(n, g, i, scale, mask));
            }
        }
        return worst;
    }

    Tensor q, k, v, out;

private:
    static double value(const Tensor& t, std::int64_t n, std::int64_t g, std::int64_t i, std::int64_t j) {
        return static_cast<float>(*t.at<BFloat16>(0, n, g, i, j));
    }

    template <class F>
    static void each(const Tensor& t, F f) {
        for_each_matrix(t, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            for (std::int64_t i = 0; i < t.rows(); ++i) {
                for (std::int64_t j = 0; j < t.cols(); ++j) f(*t.at<BFloat16>(b, n, g, i, j));
            }
        });
    }

    Tensor tensor(std::vector<BFloat16>& memory, std::int64_t rows, std::int64_t width, std::int64_t group) const {
        const std::int64_t gap = 3;  // odd, so that no row but the first begins where a pair would
        const std::int64_t heads = s_.kv_heads * group;
        const std::int64_t wide = heads * (width + gap);
        memory.assign(static_cast<std::size_t>(rows * wide), BFloat16(NAN));
        Tensor t{
            .data = memory.data(), .dtype = DType::bf16, .extent = {1, s_.kv_heads, group, rows, width}, .stride = {}};
        if (s_.columns_apart) {
            t.stride = {0, group * (width + gap) * rows, (width + gap) * rows, 1, rows};
        } else {
            t.stride = {0, group * (width + gap), width + gap, wide, 1};
        }
        return t;
    }

    double error_of_row(std::int64_t n, std::int64_t g, std::int64_t i, double scale, Mask mask) const {
        const std::int64_t visible = mask.visible(i, s_.q_len, s_.kv_len);
        std::vector<double> weights;
        double peak = -INFINITY, sum = 0, worst = 0;
        for (std::int64_t j = 0; j < visible; ++j) {
            double score = 0;
            for (std::int64_t c = 0; c < s_.d; ++c) score += value(q, n, g, i, c) * value(k, n, 0, j, c);
            weights.push_back(scale * score);
            peak = std::max(peak, weights.back());
        }
        for (double& w : weights) sum += w = std::exp(w - peak);
        for (std::int64_t c = 0; c < s_.dv; ++c) {
            double expected = 0, magnitude = 0;
            for (std::int64_t j = 0; j < visible; ++j) {
                const double term = weights[static_cast<std::size_t>(j)] / sum * value(v, n, 0, j, c);
                expected += term;
                magnitude += std::abs(term);
            }
            const double difference = std::abs(value(out, n, g, i, c) - expected);
            if (visible == 0 && difference == 0) continue;
            const double ratio = difference / (0x1p-8 * (std::abs(expected) + magnitude) + 1e-6);
            worst = std::isfinite(ratio) ? std::max(worst, ratio) : INFINITY;
        }
        return worst;
    }

    Shape s_;
    std::mt19937 random_;
    std::array<std::vector<BFloat16>, 4> memory_;
};

/// Counting scalars that are packed like bf16, one term at a time.
struct CountedPacks : simd::CountedLanes {
    static constexpr bool kPacks = true;
    static void pack_row(const Counted* from, std::int64_t stride, std::int64_t cols, Counted* to) {
        for (std::int64_t c = 0; c < cols; ++c) to[c] = from[c * stride];
    }
    static void pack_values(const Counted* from, const Counted* /*next*/, std::int64_t stride, std::int64_t cols,
                            Counted* to) {
        pack_row(from, stride, cols, to);
    }
};

}  // namespace

TEST_CASE("vectors are rounded to bf16 as single numbers are") {
    std::vector<float> numbers;
    for (std::uint32_t upper = 0; upper <= 0xffff; ++upper) {
        for (const std::uint32_t lower : {0x0U, 0x1U, 0x7fffU, 0x8000U, 0x8001U, 0xffffU}) {
            numbers.push_back(std::bit_cast<float>(upper << 16U | lower));
        }
    }
    on_every_target([&] {
        std::vector<BFloat16> stored(numbers.size());
        simd::round_all(numbers.data(), static_cast<std::int64_t>(numbers.size()), stored.data());
        bool same = true;
        for (std::size_t i = 0; i < numbers.size(); ++i) same &= stored[i].bits() == BFloat16(numbers[i]).bits();
        REQUIRE(same);
    });
}

TEST_CASE("products take pairs where the processor has them, and numbers one by one elsewhere") {
    on_every_target([] {
        const bool wide = simd::target_name().starts_with("AVX3");
        if (!wide) REQUIRE(simd::bf16_step() == 1);
#if defined(__x86_64__)
        if (wide) REQUIRE(simd::bf16_step() == (__builtin_cpu_supports("avx512bf16") != 0 ? 2 : 1));
#endif
    });
}

TEST_CASE("the fused core in bf16 is right at every edge of its blocks") {
    on_every_target([] {
        Thinned cases(7);
        for (const int threads : {1, 2}) {
            const auto backend = make_simd(threads);
            for (const std::int64_t length : {1, 7, 16, 47, 48, 49, 64, 65, 127, 128, 200, 513}) {
                for (const std::int64_t d : {1, 4, 7, 16, 20, 33, 64, 80, 96}) {
                    if (length > 130 && d != 20 && d != 33) continue;
                    for (const bool causal : {false, true}) {
                        if (!cases.takes_next()) continue;
                        CAPTURE(threads, length, d, causal);
                        Problem16 p({.kv_heads = 2, .q_len = length, .kv_len = length, .d = d, .dv = d});
                        REQUIRE(p.error(*backend, {.causal = causal}) < 1);
                    }
                }
            }
        }
    });
}

TEST_CASE("the fused core in bf16 takes any number of keys at a time, odd ones included") {
    on_every_target([] {
        for (const std::int64_t key_block : {1, 7, 16, 99, 512}) {
            const auto backend = make_simd(2, key_block);
            for (const bool causal : {false, true}) {
                CAPTURE(key_block, causal);
                Problem16 p({.kv_heads = 2, .q_len = 130, .kv_len = 205, .d = 21, .dv = 23});
                REQUIRE(p.error(*backend, {.causal = causal}) < 1);
            }
        }
    });
}

TEST_CASE("bf16 with lengths that differ, rows that see no key, groups, other value widths, columns apart") {
    on_every_target([] {
        const auto backend = make_simd(1);
        for (const auto& [q_len, kv_len] : {std::pair{1, 300}, {100, 3}, {50, 201}, {200, 51}, {5, 65}}) {
            for (const bool causal : {false, true}) {
                for (const bool columns_apart : {false, true}) {
                    CAPTURE(q_len, kv_len, causal, columns_apart);
                    Problem16 p({.kv_heads = 2,
                                 .group = 3,
                                 .q_len = q_len,
                                 .kv_len = kv_len,
                                 .d = 9,
                                 .dv = 17,
                                 .columns_apart = columns_apart});
                    REQUIRE(p.error(*backend, {.causal = causal}) < 1);
                }
            }
        }
    });
}

TEST_CASE("a few queries against many keys in bf16, alone and shared by threads") {
    on_every_target([] {
        Thinned cases(7);
        for (const int threads : {1, 2}) {
            const auto backend = make_simd(threads);
            for (const std::int64_t q_len : {1, 3, 4}) {
                for (const std::int64_t d : {1, 7, 20, 64, 80}) {
                    for (const std::int64_t group : {1, 4}) {
                        if (!cases.takes_next()) continue;
                        CAPTURE(threads, q_len, d, group);
                        Problem16 p(
                            {.kv_heads = 3, .group = group, .q_len = q_len, .kv_len = 513, .d = d, .dv = d + 1});
                        REQUIRE(p.error(*backend, {.causal = false}) < 1);
                        REQUIRE(p.error(*backend, {.causal = true}) < 1);
                    }
                }
            }
        }
    });
}

TEST_CASE("the naive backend computes the same in bf16") {
    NaiveBackend naive;
    for (const bool causal : {false, true}) {
        Problem16 p({.kv_heads = 2, .group = 3, .q_len = 50, .kv_len = 201, .d = 9, .dv = 17});
        REQUIRE(p.error(naive, {.causal = causal}) < 1);
    }
}

TEST_CASE("a value that is infinite is seen in every row") {
    const auto backend = make_simd(1);
    Problem16 p({.kv_heads = 1, .q_len = 64, .kv_len = 64, .d = 16, .dv = 16});
    REQUIRE(p.error(*backend, {}) < 1);
    *p.v.at<BFloat16>(0, 0, 0, 5, 3) = BFloat16(INFINITY);
    REQUIRE(p.error(*backend, {}) > 1);
}

TEST_CASE("packed blocks cost the same operations as those in place, and the factor is applied to scores") {
    using simd::CountedLanes;
    constexpr std::int64_t kLanes = CountedLanes::kLanes, kKeyBlock = 16;
    constexpr std::int64_t kMostRows = simd::kMostVectors * kLanes;
    for (const std::int64_t kv_len : {1, 15, 16, 40}) {
        const std::int64_t q_len = 20, d = 5, dv = 7;
        std::vector<Counted> q(100, Counted(1)), k, v(static_cast<std::size_t>(kv_len * dv)), out(140);
        for (std::int64_t j = 0; j < kv_len; ++j) {
            for (std::int64_t c = 0; c < d; ++c) k.emplace_back(static_cast<double>(20 * j));  // rising
        }
        std::vector<Counted> scratch(
            static_cast<std::size_t>(simd::stream_scratch_elements(kLanes, d, dv, kKeyBlock) +
                                     simd::packed_scratch_elements(kLanes, d, dv, kKeyBlock, 1)));
        Counted::tally() = {};
        for (std::int64_t first = 0; first < q_len; first += kMostRows) {
            const simd::StreamBlock<Counted> block{.q = {q.data() + first * d, d, 1},
                                                   .k = {k.data(), d, 1},
                                                   .v = {v.data(), dv, 1},
                                                   .out = {out.data() + first * dv, dv, 1},
                                                   .rows = std::min(kMostRows, q_len - first),
                                                   .kv_len = kv_len,
                                                   .head_dim = d,
                                                   .value_head_dim = dv,
                                                   .factor = Counted(1),
                                                   .mask = {},
                                                   .first_row = first,
                                                   .q_len = q_len,
                                                   .key_block = kKeyBlock,
                                                   .scratch = scratch.data()};
            simd::HWY_NAMESPACE::stream_rows<CountedPacks>(block);
        }
        const OpCost counted = Counted::tally();
        const AttendShape shape{1, 1, 1, q_len, kv_len, d, dv, DType::bf16};
        const AttendParts parts = simd::stream_cost(shape, {}, kLanes, kMostRows, kKeyBlock);
        const OpCost said = parts.scores + parts.scale + parts.weights + parts.context + parts.rescale;
        CAPTURE(kv_len);
        CHECK(counted.multiplies == said.multiplies);
        CHECK(counted.adds == said.adds);
        CHECK(counted.compares == said.compares);
        CHECK(counted.exps == said.exps);
        CHECK(parts.scores.bytes_read == 2 * (q_len + 2 * kv_len) * d);  // two blocks of queries
    }
}

TEST_CASE("pairs round odd depths up and change nothing else in the ledger") {
    const auto cost = [](std::int64_t kv_len, std::int64_t d, std::int64_t step) {
        const AttendShape shape{1, 2, 1, 40, kv_len, d, 8, DType::bf16};
        return simd::stream_cost(shape, {}, 16, 48, 64, step);
    };
    const AttendParts single = cost(130, 6, 1), pairs = cost(130, 6, 2);
    CHECK(single.scores == pairs.scores);
    CHECK(single.context == pairs.context);
    CHECK(single.weights == pairs.weights);
    CHECK(cost(130, 5, 2).scores.multiplies == pairs.scores.multiplies);
    // 131 keys are two blocks of 64 and three keys, which make two pairs.
    CHECK(cost(131, 6, 2).context.multiplies == cost(132, 6, 2).context.multiplies);
    CHECK(cost(131, 6, 2).weights == cost(131, 6, 1).weights);
}
