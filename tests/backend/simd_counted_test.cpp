// The streaming kernel and causal products, instantiated with a scalar that counts, do what the executed ledger of simd
// says.
#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <vector>

// The kernel's own source, for one instruction set (why AVX3_DL: harness/backend/targets.hpp).
#define HWY_WANT_AVX3_DL
// clang-format off
#include <hwy/highway.h>
#include "harness/backend/simd/product-inl.hpp"
#include "harness/backend/simd/stream-inl.hpp"
// clang-format on

#include "harness/backend/simd/cost.hpp"
#include "harness/core/counted.hpp"
#include "tests/backend/counted_lanes.hpp"
#include "tests/backend/window_mask.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using headcount::simd::CountedLanes;

namespace {

constexpr std::int64_t kLanes = CountedLanes::kLanes;
constexpr std::int64_t kKeyBlock = 64;
constexpr std::int64_t kMostRows = simd::kMostVectors * kLanes;

/// q, k, v and out of one head, all dense.
struct Head {
    Head(std::int64_t q_len, std::int64_t kv_len, std::int64_t head_dim, std::int64_t value_head_dim)
        : q(size(q_len * head_dim)),
          k(size(kv_len * head_dim)),
          v(size(kv_len * value_head_dim)),
          out(size(q_len * value_head_dim)),
          shape{1, 1, 1, q_len, kv_len, head_dim, value_head_dim, DType::counted} {}
    static std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }
    std::vector<Counted> q, k, v, out;
    AttendShape shape;
};

/// All blocks of one head, as the backend would cut them. Returns what was counted.
OpCost stream(Head& head, double scale, Mask mask) {
    const AttendShape& s = head.shape;
    std::vector<Counted> scratch(
        Head::size(simd::stream_scratch_elements(kLanes, s.head_dim, s.value_head_dim, kKeyBlock)));
    Counted::tally() = {};
    for (std::int64_t first = 0; first < s.q_len; first += kMostRows) {
        const simd::StreamBlock<Counted> block{.q = {head.q.data() + first * s.head_dim, s.head_dim, 1},
                                               .k = {head.k.data(), s.head_dim, 1},
                                               .v = {head.v.data(), s.value_head_dim, 1},
                                               .out = {head.out.data() + first * s.value_head_dim, s.value_head_dim, 1},
                                               .rows = std::min(kMostRows, s.q_len - first),
                                               .kv_len = s.kv_len,
                                               .head_dim = s.head_dim,
                                               .value_head_dim = s.value_head_dim,
                                               .factor = Counted(scale / std::log(2.0)),
                                               .mask = mask,
                                               .first_row = first,
                                               .q_len = s.q_len,
                                               .key_block = kKeyBlock,
                                               .scratch = scratch.data()};
        simd::HWY_NAMESPACE::stream_rows<CountedLanes>(block);
    }
    return Counted::tally();
}

const std::array<Mask, 6> kMasks{
    Mask{}, {.causal = true}, window_mask(1, 0), window_mask(20, 0), window_mask(20, 3), window_mask(90, 70)};

OpCost sum(const AttendParts& p) { return p.scores + p.scale + p.weights + p.context + p.rescale; }

void require_same_operations(OpCost counted, OpCost said) {
    CHECK(counted.multiplies == said.multiplies);
    CHECK(counted.adds == said.adds);
    CHECK(counted.compares == said.compares);
    CHECK(counted.divides == said.divides);
    CHECK(counted.exps == said.exps);
}

}  // namespace

TEST_CASE("rising scores make the streaming kernel do exactly what its ledger says") {
    for (const Mask& mask : kMasks) {
        for (const std::int64_t q_len : {1, 4, 11, 12, 13, 40, 90}) {
            for (const std::int64_t kv_len : {1, 7, 63, 64, 65, 130, 200}) {
                const std::int64_t d = 1 + (q_len + kv_len) % 11, dv = 1 + (q_len * kv_len) % 9;
                Head head(q_len, kv_len, d, dv);
                // Every key scores higher than all before it, by more than one in base 2.
                for (Counted& x : head.q) x = Counted(1);
                for (std::int64_t j = 0; j < kv_len; ++j) {
                    for (std::int64_t c = 0; c < d; ++c) {
                        head.k[Head::size(j * d + c)] = Counted(static_cast<double>(2 * j) / static_cast<double>(d));
                    }
                }
                CAPTURE(mask.causal, mask.numbers, q_len, kv_len, d, dv);
                require_same_operations(stream(head, 1.0, mask),
                                        sum(simd::stream_cost(head.shape, mask, kLanes, kMostRows, kKeyBlock)));
            }
        }
    }
}

TEST_CASE("scores that do not rise cost no rescale, and nothing else changes") {
    Head head(30, 200, 5, 6);
    const AttendParts parts = simd::stream_cost(head.shape, {}, kLanes, kMostRows, kKeyBlock);
    require_same_operations(stream(head, 1.0, {}), sum(parts) + OpCost{.multiplies = -parts.rescale.multiplies,
                                                                       .adds = -parts.rescale.adds,
                                                                       .exps = -parts.rescale.exps});
}

TEST_CASE("the counting instantiation computes attention") {
    std::mt19937 random(3);
    std::normal_distribution<double> normal;
    for (const Mask& mask : kMasks) {
        Head head(29, 70, 6, 5);
        for (auto* x : {&head.q, &head.k, &head.v}) {
            for (Counted& e : *x) e = Counted(normal(random));
        }
        stream(head, 0.5, mask);
        const auto at = [](const std::vector<Counted>& m, std::int64_t i, std::int64_t cols, std::int64_t j) {
            return m[Head::size(i * cols + j)].value();
        };
        double worst = 0;
        for (std::int64_t i = 0; i < 29; ++i) {
            std::vector<double> weights;
            double total = 0;
            for (std::int64_t j = 0; j < 70; ++j) {
                double score = 0;
                for (std::int64_t c = 0; c < 6; ++c) score += at(head.q, i, 6, c) * at(head.k, j, 6, c);
                weights.push_back(mask.keys(i, 29, 70).sees(j) ? std::exp(0.5 * score) : 0);
                total += weights.back();
            }
            for (std::int64_t c = 0; c < 5; ++c) {
                double expected = 0;
                for (std::int64_t j = 0; j < 70; ++j) expected += weights[Head::size(j)] / total * at(head.v, j, 5, c);
                worst = std::max(worst, std::abs(expected - at(head.out, i, 5, c)));
            }
        }
        CHECK(worst < 1e-12);
    }
}

TEST_CASE("a causal product multiplies exactly what its ledger says") {
    constexpr std::int64_t d = 2 * kLanes;
    for (const auto& [scores, accumulate] : {std::pair{true, false}, {true, true}, {false, false}, {false, true}}) {
        for (const auto [q_len, kv_len] : {std::array{1, 4}, {4, 1}, {37, 64}, {64, 64}, {100, 40}, {29, 200}}) {
            const std::int64_t keys = kv_len * kLanes;  // whole vectors: the ledger counts no padding
            CAPTURE(scores, accumulate, q_len, keys);
            const std::int64_t depth = scores ? d : keys, cols = scores ? keys : d;
            std::vector<Counted> a(Head::size(q_len * depth), Counted(1)), b(Head::size(depth * cols), Counted(1)),
                c(Head::size(q_len * cols));
            std::vector<Counted> panel(Head::size(simd::product_scratch_elements(kLanes, 50)));
            const simd::Product<Counted> product{.a = {a.data(), depth, 1},
                                                 .b = {b.data(), cols, 1},
                                                 .c = {c.data(), cols, 1},
                                                 .rows = q_len,
                                                 .depth = depth,
                                                 .scaled = scores && !accumulate,
                                                 .scale = Counted(0.5),
                                                 .bias = nullptr,
                                                 .bias_stride = 0,
                                                 .panel_depth = 50,
                                                 .panel = panel.data(),
                                                 .skip = scores ? simd::Skip::output : simd::Skip::depth,
                                                 .visible = keys - q_len + 1,
                                                 .accumulate = accumulate,
                                                 .panel_scaled = scores && accumulate};
            Counted::tally() = {};
            for (std::int64_t col = 0; col < cols; col += kMostRows) {
                simd::HWY_NAMESPACE::multiply_panel<CountedLanes>(product, col, std::min(kMostRows, cols - col));
            }
            const simd::MaskedProduct said = simd::masked_product_cost(
                dense(a.data(), DType::counted, {1, 1, 1, q_len, depth}),
                dense(b.data(), DType::counted, {1, 1, 1, depth, cols}),
                dense(c.data(), DType::counted, {1, 1, 1, q_len, cols}), scores, {.causal = true},
                {.strips = 1, .tile_rows = CountedLanes::kTileRows, .panel_cols = kMostRows});
            // A factor of a product that is added up is applied to the packed panels: cols columns of `depth` rows.
            const std::int64_t scaled = accumulate ? depth * cols : said.computed;
            CHECK(Counted::tally().multiplies == said.product.multiplies + (scores ? scaled : 0));
            // A sum of n terms is n - 1 adds in the books, as everywhere; the tile begins it at zero, or at what is
            // there.
            CHECK(Counted::tally().adds == said.product.adds + said.sums);
            CHECK(said.product.multiplies <= q_len * depth * cols);
            if (q_len > 2 * CountedLanes::kTileRows) CHECK(said.product.multiplies < q_len * depth * cols);
        }
    }
}
