// The kernel of attention's derivative, instantiated with a scalar that counts, does what the executed ledger of simd
// says, and so does the readable verb.
#include <array>
#include <cmath>
#include <random>
#include <vector>

// The kernel's own source, for one instruction set (why AVX3_DL: harness/backend/targets.hpp).
#define HWY_WANT_AVX3_DL
// clang-format off
#include <hwy/highway.h>
#include "harness/backend/simd/vjp-inl.hpp"
// clang-format on

#include "harness/backend/simd/vjp_cost.hpp"
#include "harness/backend/verbs/fused_attend_vjp.hpp"
#include "harness/core/counted.hpp"
#include "tests/backend/counted_lanes.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using simd::CountedLanes;

namespace {

constexpr std::int64_t kLanes = CountedLanes::kLanes;

struct Lengths {
    std::int64_t q_len, kv_len, head_dim, value_head_dim;
    bool causal, add;
};

std::vector<Counted> numbers(std::int64_t count) {
    std::mt19937 random(static_cast<unsigned>(count));
    std::normal_distribution<double> normal;
    std::vector<Counted> x(static_cast<std::size_t>(count));
    for (Counted& e : x) e = Counted(normal(random));
    return x;
}

/// All operands of one head, dense.
struct Head {
    explicit Head(const Lengths& l)
        : q(numbers(l.q_len * l.head_dim)),
          k(numbers(l.kv_len * l.head_dim)),
          v(numbers(l.kv_len * l.value_head_dim)),
          out(numbers(l.q_len * l.value_head_dim)),
          dout(out),
          dq(q),
          dk(k),
          dv(v),
          peaks(static_cast<std::size_t>(l.q_len), Counted(8)),
          reciprocals(static_cast<std::size_t>(l.q_len), Counted(1)),
          shape{.batch = 1,
                .kv_heads = 1,
                .group = 1,
                .q_len = l.q_len,
                .kv_len = l.kv_len,
                .head_dim = l.head_dim,
                .value_head_dim = l.value_head_dim,
                .dtype = DType::counted} {}

    std::vector<Counted> q, k, v, out, dout, dq, dk, dv, peaks, reciprocals;
    AttendShape shape;
};

OpCost sum(const AttendParts& parts) { return parts.scores + parts.scale + parts.weights + parts.context; }

OpCost run_kernel(const Lengths& l, const simd::VjpCut& cut) {
    Head head(l);
    std::vector<Counted> sums(static_cast<std::size_t>(l.q_len * simd::whole_vectors(l.head_dim, kLanes)));
    std::vector<Counted> scratch(
        static_cast<std::size_t>(simd::VjpScratch::of(cut, kLanes, l.q_len, l.head_dim, l.value_head_dim).elements));
    const simd::HeadVjp<Counted> operands{.q = {head.q.data(), l.head_dim, 1},
                                          .k = {head.k.data(), l.head_dim, 1},
                                          .v = {head.v.data(), l.value_head_dim, 1},
                                          .out = {head.out.data(), l.value_head_dim, 1},
                                          .dout = {head.dout.data(), l.value_head_dim, 1},
                                          .dk = {head.dk.data(), l.head_dim, 1},
                                          .dv = {head.dv.data(), l.value_head_dim, 1},
                                          .peaks = head.peaks.data(),
                                          .reciprocals = head.reciprocals.data(),
                                          .q_len = l.q_len,
                                          .kv_len = l.kv_len,
                                          .head_dim = l.head_dim,
                                          .value_head_dim = l.value_head_dim,
                                          .factor = Counted(0.5),
                                          .scale = Counted(0.5),
                                          .visible = l.causal ? l.kv_len - l.q_len + 1 : l.kv_len,
                                          .visible_step = l.causal ? 1 : 0,
                                          .cut = cut,
                                          .first_block = 0,
                                          .block_step = 1,
                                          .add_to_k = l.add,
                                          .add_to_v = l.add,
                                          .dq = sums.data(),
                                          .scratch = scratch.data()};
    Counted::tally() = {};
    simd::HWY_NAMESPACE::HeadVjpKernel<CountedLanes>(operands).run();
    return Counted::tally();
}

void require_same_operations(const OpCost& counted, const OpCost& said) {
    CHECK(counted.multiplies == said.multiplies);
    CHECK(counted.adds == said.adds);
    CHECK(counted.compares == said.compares);
    CHECK(counted.divides == said.divides);
    CHECK(counted.exps == said.exps);
}

const std::vector<Lengths> kLengths{
    {1, 1, 1, 1, false, false},  {40, 40, 8, 8, false, false}, {40, 40, 8, 8, true, false},
    {37, 61, 5, 9, true, true},  {61, 37, 9, 5, true, false},  {29, 200, 4, 4, true, true},
    {100, 7, 13, 3, true, true}, {33, 50, 3, 30, false, true}, {50, 130, 8, 16, true, false}};

}  // namespace

TEST_CASE("the derivative's kernel does exactly what its ledger says") {
    for (const Lengths& l : kLengths) {
        for (const simd::VjpCut cut : {simd::VjpCut{24, 1}, {16, 4}, {11, 2}}) {
            CAPTURE(l.q_len, l.kv_len, l.head_dim, l.value_head_dim, l.causal, l.add, cut.query_block, cut.key_panels);
            require_same_operations(run_kernel(l, cut), sum(simd::vjp_cost(Head(l).shape, {.causal = l.causal},
                                                                           {.cut = cut,
                                                                            .lanes = kLanes,
                                                                            .tile_rows = CountedLanes::kTileRows,
                                                                            .pieces = 1,
                                                                            .add_to_q = false,
                                                                            .add_to_k = l.add,
                                                                            .add_to_v = l.add})));
        }
    }
}

TEST_CASE("without padding and mask the derivative's kernel makes five products, one more than required") {
    const Lengths l{48, 48, 8, 8, false, false};
    const AttendParts parts = simd::vjp_cost(Head(l).shape, {},
                                             {.cut = {24, 2},
                                              .lanes = kLanes,
                                              .tile_rows = CountedLanes::kTileRows,
                                              .pieces = 1,
                                              .add_to_q = false,
                                              .add_to_k = false,
                                              .add_to_v = false});
    CHECK(parts.scores.multiplies == 3 * 48 * 48 * 8);
    CHECK(parts.context.multiplies == 2 * 48 * 48 * 8);
}

TEST_CASE("the readable derivative does what its ledger says, and requires four products of the pairs of its mask") {
    for (const Lengths& l : kLengths) {
        Head head(l);
        const auto window = [](std::vector<Counted>& x, std::int64_t cols) {
            return dense(x.data(), DType::counted, {1, 1, 1, static_cast<std::int64_t>(x.size()) / cols, cols});
        };
        const FusedAttendVjp verb{.scale = 0.5,
                                  .mask = {.causal = l.causal},
                                  .q = window(head.q, l.head_dim),
                                  .k = window(head.k, l.head_dim),
                                  .v = window(head.v, l.value_head_dim),
                                  .out = window(head.out, l.value_head_dim),
                                  .dout = window(head.dout, l.value_head_dim),
                                  .dq = window(head.dq, l.head_dim),
                                  .dk = window(head.dk, l.head_dim),
                                  .dv = window(head.dv, l.value_head_dim),
                                  .add_to_q = l.add,
                                  .add_to_k = l.add,
                                  .add_to_v = l.add,
                                  .statistics = {},
                                  .scratch = {}};
        REQUIRE(verb.fits());
        Counted::tally() = {};
        verb.naive<Counted>();
        OpCost executed, products;
        for (const PartCost& part : verb.executed()) executed += part.cost;
        for (const PartCost& part : verb.required()) {
            if (part.op == "matmul") products += part.cost;
        }
        CAPTURE(l.q_len, l.kv_len, l.head_dim, l.value_head_dim, l.causal, l.add);
        require_same_operations(Counted::tally(), executed);
        const std::int64_t pairs = verb.mask.pairs(l.q_len, l.kv_len);
        CHECK(products.multiplies == 2 * pairs * (l.head_dim + l.value_head_dim));
    }
}
