// The decode kernel, instantiated with a scalar that counts, does what the executed ledger of simd says.
#include <cmath>
#include <random>
#include <vector>

// The kernel's own source, for one instruction set (why AVX3_DL: harness/backend/targets.hpp).
#define HWY_WANT_AVX3_DL
// clang-format off
#include <hwy/highway.h>
#include "harness/backend/simd/decode-inl.hpp"
// clang-format on

#include "harness/backend/simd/cost.hpp"
#include "harness/core/counted.hpp"
#include "tests/backend/counted_lanes.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using headcount::simd::CountedLanes;
using headcount::simd::DecodePlan;

namespace {

constexpr std::int64_t kLanes = CountedLanes::kLanes;

std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }

/// q, k, v and out, heads side by side in each row as projections leave them.
struct Cache {
    explicit Cache(const AttendShape& s)
        : shape(s),
          q(size(s.batch * s.q_len * s.heads() * s.head_dim)),
          k(size(s.batch * s.kv_len * s.kv_heads * s.head_dim)),
          v(size(s.batch * s.kv_len * s.kv_heads * s.value_head_dim)),
          out(size(s.batch * s.q_len * s.heads() * s.value_head_dim)) {}
    AttendShape shape;
    std::vector<Counted> q, k, v, out;
};

/// All pieces one after another, then what they leave to each other, as the backend would. Returns what was counted.
OpCost decode(Cache& cache, double scale, Mask mask, const DecodePlan& plan) {
    const AttendShape& s = cache.shape;
    const std::int64_t rows = plan.run_heads * s.group * s.q_len;
    const std::int64_t state = simd::decode_state_elements(kLanes, rows, s.head_dim, s.value_head_dim);
    std::vector<Counted> states(size(plan.pieces * 2 * state));
    std::vector<Counted> scores(size(simd::decode_score_elements(kLanes, rows)));
    const auto part = [&](std::int64_t piece, std::int64_t run, std::int64_t first, std::int64_t last) {
        const std::int64_t b = run / plan.runs_of_batch, n = run % plan.runs_of_batch * plan.run_heads;
        const std::int64_t d = s.head_dim, dv = s.value_head_dim, q_width = s.heads() * d, out_width = s.heads() * dv;
        const std::int64_t k_width = s.kv_heads * d, v_width = s.kv_heads * dv;
        return simd::DecodePart<Counted>{
            .q = {cache.q.data() + b * s.q_len * q_width + n * s.group * d, s.group * d, d, q_width, 1},
            .k = {cache.k.data() + b * s.kv_len * k_width + n * d, d, 0, k_width, 1},
            .v = {cache.v.data() + b * s.kv_len * v_width + n * dv, dv, 0, v_width, 1},
            .out = {cache.out.data() + b * s.q_len * out_width + n * s.group * dv, s.group * dv, dv, out_width, 1},
            .heads = plan.heads_of(run, s.kv_heads),
            .group = s.group,
            .q_len = s.q_len,
            .kv_len = s.kv_len,
            .head_dim = d,
            .value_head_dim = dv,
            .first_key = first * simd::kDecodeKeys,
            .last_key = std::min(last * simd::kDecodeKeys, s.kv_len),
            .factor = Counted(scale / std::log(2.0)),
            .visible = mask.causal ? s.kv_len - s.q_len + 1 : s.kv_len,
            .visible_step = mask.causal ? 1 : 0,
            .state = states.data() + (2 * piece + (first == 0 ? 0 : 1)) * state,
            .scores = scores.data()};
    };
    Counted::tally() = {};
    using Kernel = simd::HWY_NAMESPACE::Decode<CountedLanes>;
    std::int64_t beginner = 0;
    for (std::int64_t piece = 0; piece < plan.pieces; ++piece) {
        plan.each_run(piece, [&](std::int64_t run, std::int64_t first, std::int64_t last) {
            const simd::DecodePart<Counted> keys = part(piece, run, first, last);
            Kernel(keys).run();
            if (first == 0) beginner = piece;
            const simd::DecodePart<Counted> begun = part(beginner, run, 0, last);
            if (first > 0) Kernel(begun).merge(Kernel(keys));
            if (last == plan.run_blocks) Kernel(begun).write();
        });
    }
    return Counted::tally();
}

OpCost sum(const AttendParts& p) { return p.scores + p.scale + p.weights + p.context + p.rescale; }

void require_same_operations(OpCost counted, OpCost said) {
    CHECK(counted.multiplies == said.multiplies);
    CHECK(counted.adds == said.adds);
    CHECK(counted.compares == said.compares);
    CHECK(counted.divides == said.divides);
    CHECK(counted.exps == said.exps);
}

AttendShape shape_of(std::int64_t q_len, std::int64_t kv_len, std::int64_t group) {
    return {.batch = 2,
            .kv_heads = 3,
            .group = group,
            .q_len = q_len,
            .kv_len = kv_len,
            .head_dim = 1 + (q_len + kv_len) % 11,
            .value_head_dim = 1 + (q_len * kv_len) % 9,
            .dtype = DType::counted};
}

}  // namespace

TEST_CASE("rising scores make the decode kernel do exactly what its ledger says, however it is shared out") {
    for (const bool causal : {false, true}) {
        for (const std::int64_t q_len : {1, 2, 5, 8}) {
            for (const std::int64_t kv_len : {1, 3, 127, 128, 129, 300, 515}) {
                for (const std::int64_t group : {1, 3}) {
                    for (const std::int64_t threads : {1, 2, 5}) {
                        Cache cache(shape_of(q_len, kv_len, group));
                        const std::int64_t d = cache.shape.head_dim, row = d * cache.shape.kv_heads;
                        for (Counted& x : cache.q) x = Counted(1);
                        for (std::int64_t i = 0; i < row * kv_len * cache.shape.batch; ++i) {
                            // Every key scores higher than all before it, by more than one in base 2.
                            cache.k[size(i)] =
                                Counted(static_cast<double>(2 * (i / row % kv_len)) / static_cast<double>(d));
                        }
                        CAPTURE(causal, q_len, kv_len, group, threads);
                        const Mask mask{.causal = causal};
                        const DecodePlan plan = DecodePlan::of(cache.shape, threads, 1);
                        require_same_operations(decode(cache, 1.0, mask, plan),
                                                sum(simd::decode_cost(cache.shape, mask, kLanes, plan)));
                    }
                }
            }
        }
    }
}

TEST_CASE("scores that do not rise cost the decode kernel no rescale, and nothing else changes") {
    Cache cache(shape_of(1, 300, 2));
    const DecodePlan plan = DecodePlan::of(cache.shape, 1, 1);
    const AttendParts parts = simd::decode_cost(cache.shape, {}, kLanes, plan);
    REQUIRE(parts.rescale.exps > 0);
    require_same_operations(decode(cache, 1.0, {}, plan), sum(parts) + OpCost{.multiplies = -parts.rescale.multiplies,
                                                                              .adds = -parts.rescale.adds,
                                                                              .exps = -parts.rescale.exps});
}

TEST_CASE("keys and values are read once for all queries of a group, whatever the number of threads") {
    for (const std::int64_t threads : {1, 2, 7}) {
        AttendShape shape = shape_of(2, 1000, 4);
        const AttendParts parts = simd::decode_cost(shape, {}, kLanes, DecodePlan::of(shape, threads, 1));
        REQUIRE(parts.context.bytes_read == std::int64_t{48'000} * shape.value_head_dim);
    }
}

TEST_CASE("pieces cover every block of keys once, and runs stay within their batch entry") {
    for (const std::int64_t threads : {1, 2, 3, 7, 64}) {
        for (const std::int64_t kv_heads : {1, 5, 40}) {
            const AttendShape shape{.batch = 3,
                                    .kv_heads = kv_heads,
                                    .group = 2,
                                    .q_len = 1,
                                    .kv_len = 1000,
                                    .head_dim = 64,
                                    .value_head_dim = 64,
                                    .dtype = DType::f32};
            const DecodePlan plan = DecodePlan::of(shape, threads, 1);
            std::vector<int> heads_seen(size(plan.run_blocks * 3 * kv_heads));
            for (std::int64_t piece = 0; piece < plan.pieces; ++piece) {
                int begun = 0, continued = 0;
                plan.each_run(piece, [&](std::int64_t run, std::int64_t first, std::int64_t last) {
                    begun += first == 0 && last < plan.run_blocks ? 1 : 0;
                    continued += first > 0 ? 1 : 0;
                    const std::int64_t head =
                        run / plan.runs_of_batch * kv_heads + run % plan.runs_of_batch * plan.run_heads;
                    for (std::int64_t h = head; h < head + plan.heads_of(run, kv_heads); ++h) {
                        for (std::int64_t block = first; block < last; ++block) {
                            ++heads_seen[size(h * plan.run_blocks + block)];
                        }
                    }
                });
                REQUIRE(begun <= 1);
                REQUIRE(continued <= 1);
            }
            CAPTURE(threads, kv_heads);
            REQUIRE(heads_seen == std::vector<int>(heads_seen.size(), 1));
        }
    }
}

TEST_CASE("the counting instantiation of the decode kernel computes attention") {
    std::mt19937 random(3);
    std::normal_distribution<double> normal;
    for (const bool causal : {false, true}) {
        for (const std::int64_t threads : {1, 3}) {
            Cache cache(shape_of(5, 300, 2));
            for (auto* x : {&cache.q, &cache.k, &cache.v}) {
                for (Counted& e : *x) e = Counted(normal(random));
            }
            const AttendShape& s = cache.shape;
            const Mask mask{.causal = causal};
            decode(cache, 0.5, mask, DecodePlan::of(s, threads, 1));
            const auto at = [](const std::vector<Counted>& m, std::int64_t row, std::int64_t heads, std::int64_t head,
                               std::int64_t width,
                               std::int64_t c) { return m[size((row * heads + head) * width + c)].value(); };
            double worst = 0;
            for (std::int64_t row = 0; row < s.batch * s.q_len; ++row) {
                for (std::int64_t head = 0; head < s.heads(); ++head) {
                    const std::int64_t first = row / s.q_len * s.kv_len, kv_head = head / s.group;
                    std::vector<double> weights;
                    double total = 0;
                    for (std::int64_t j = 0; j < mask.visible(row % s.q_len, s.q_len, s.kv_len); ++j) {
                        double score = 0;
                        for (std::int64_t c = 0; c < s.head_dim; ++c)
                            score += at(cache.q, row, s.heads(), head, s.head_dim, c) *
                                     at(cache.k, first + j, s.kv_heads, kv_head, s.head_dim, c);
                        weights.push_back(std::exp(0.5 * score));
                        total += weights.back();
                    }
                    for (std::int64_t c = 0; c < s.value_head_dim; ++c) {
                        double expected = 0;
                        for (std::size_t j = 0; j < weights.size(); ++j)
                            expected += weights[j] / total *
                                        at(cache.v, first + static_cast<std::int64_t>(j), s.kv_heads, kv_head,
                                           s.value_head_dim, c);
                        worst = std::max(worst,
                                         std::abs(expected - at(cache.out, row, s.heads(), head, s.value_head_dim, c)));
                    }
                }
            }
            CHECK(worst < 1e-12);
        }
    }
}
