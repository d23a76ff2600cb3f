// The derivative of the fused core of simd, on every instruction set, against the readable steps in double precision.
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "harness/backend/naive_backend.hpp"
#include "harness/backend/verbs/attend.hpp"
#include "harness/backend/verbs/fused_attend_vjp.hpp"
#include "tests/backend/every_target.hpp"
#include "tests/backend/twins.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

struct Case {
    std::int64_t batch, kv_heads, group, q_len, kv_len, head_dim, value_head_dim;
    bool causal, add;
    int layout;
    bool tied = false;  ///< keys and values are one tensor, whose derivative the values begin
};

/// Memory that holds no number yet, and behind it something that must stay.
class Scratch {
public:
    explicit Scratch(std::int64_t elements)
        : memory_(static_cast<std::size_t>(elements) + 1, std::numeric_limits<float>::quiet_NaN()) {
        memory_.back() = 17;
    }
    Tensor tensor() {
        return dense(memory_.data(), DType::f32, {1, 1, 1, 1, static_cast<std::int64_t>(memory_.size())});
    }
    bool kept_to_itself() const { return memory_.back() == 17; }

private:
    std::vector<float> memory_;
};

/// Every operand of a derivative, twice.
struct Operands {
    Operands(TwinStore& store, const Case& c)
        : q(store.take({c.batch, c.kv_heads, c.group, c.q_len, c.head_dim}, c.layout)),
          k(store.take({c.batch, c.kv_heads, 1, c.kv_len, c.head_dim}, c.layout)),
          v(c.tied ? k : store.take({c.batch, c.kv_heads, 1, c.kv_len, c.value_head_dim}, c.layout)),
          out(store.take({c.batch, c.kv_heads, c.group, c.q_len, c.value_head_dim}, c.layout)),
          dout(store.take({c.batch, c.kv_heads, c.group, c.q_len, c.value_head_dim}, c.layout)),
          dq(store.take({c.batch, c.kv_heads, c.group, c.q_len, c.head_dim}, c.layout)),
          dk(store.take({c.batch, c.kv_heads, 1, c.kv_len, c.head_dim}, c.layout)),
          dv(c.tied ? dk : store.take({c.batch, c.kv_heads, 1, c.kv_len, c.value_head_dim}, c.layout)) {}

    template <class Pick>
    FusedAttendVjp verb(const Case& c, const Pick& pick) const {
        return {.scale = 0.3,
                .mask = {.causal = c.causal},
                .q = pick(q),
                .k = pick(k),
                .v = pick(v),
                .out = pick(out),
                .dout = pick(dout),
                .dq = pick(dq),
                .dk = pick(dk),
                .dv = pick(dv),
                .add_to_q = c.add,
                .add_to_k = c.add || c.tied,
                .add_to_v = c.add,
                .statistics = {},
                .scratch = {}};
    }

    Twins q, k, v, out, dout, dq, dk, dv;
};

/// Forward and backward by simd and by the readable loops.
void check_derivative(Backend& backend, TwinStore& store, const Case& c) {
    NaiveBackend exact;
    const Operands x(store, c);
    FusedAttendVjp fast = x.verb(c, [](const Twins& t) { return t.fast; });
    const AttendPlan plan = backend.attend_plan(attend_shape(fast.q, fast.k, fast.v), fast.mask);
    if (plan.vjp_scratch_elements == 0) return;
    Scratch forward(plan.scratch_elements), backward(plan.vjp_scratch_elements);
    Scratch statistics(2 * c.batch * c.kv_heads * c.group * c.q_len);
    fast.statistics = dense(statistics.tensor().data, DType::f32, {c.batch, c.kv_heads, c.group, 2, c.q_len});
    fast.scratch = backward.tensor();
    backend.run("core", Attend{.scale = fast.scale,
                               .mask = fast.mask,
                               .q = fast.q,
                               .k = fast.k,
                               .v = fast.v,
                               .out = fast.out,
                               .plan = plan,
                               .scratch = forward.tensor(),
                               .statistics = fast.statistics});
    backend.run("core", fast);
    exact.run("core", x.verb(c, [](const Twins& t) { return t.exact; }));
    CAPTURE(c.batch, c.kv_heads, c.group, c.q_len, c.kv_len, c.head_dim, c.value_head_dim, c.causal, c.add, c.layout);
    // Sums of up to a thousand terms in f32, of which softmax makes most small.
    for (const Twins& derivative : {x.dq, x.dk, x.dv}) CHECK(worst_difference(derivative) < 1e-3);
    CHECK(forward.kept_to_itself());
    CHECK(backward.kept_to_itself());
    CHECK(statistics.kept_to_itself());
}

}  // namespace

TEST_CASE("the fused derivative equals the steps it stands for, for every mask, grouping, layout and length") {
    on_every_target([] {
        for (const int threads : {1, 2, 3}) {
            const auto backend = make_simd(threads);
            TwinStore store(31);
            for (int i = 0; i < 40; ++i) {
                const int longest = i % 8 == 0 ? 300 : 60;
                check_derivative(*backend, store,
                                 {.batch = store.pick(2),
                                  .kv_heads = store.pick(3),
                                  .group = store.pick(2),
                                  .q_len = 4 + store.pick(longest),
                                  .kv_len = store.pick(longest),
                                  .head_dim = store.pick(70),
                                  .value_head_dim = store.pick(70),
                                  .causal = store.flip(),
                                  .add = store.flip(),
                                  .layout = i % 3});
            }
        }
    });
}

TEST_CASE("the fused derivative by one tensor that is key and value adds both") {
    on_every_target([] {
        const auto backend = make_simd(2);
        TwinStore store(33);
        for (int i = 0; i < 20; ++i) {
            const std::int64_t width = store.pick(40);
            check_derivative(*backend, store,
                             {.batch = store.pick(2),
                              .kv_heads = store.pick(3),
                              .group = store.pick(2),
                              .q_len = 4 + store.pick(60),
                              .kv_len = store.pick(60),
                              .head_dim = width,
                              .value_head_dim = width,
                              .causal = store.flip(),
                              .add = store.flip(),
                              .layout = i % 3,
                              .tied = true});
        }
    });
}

TEST_CASE("the fused derivative is right for wide heads, and where blocks, panels and rows end together") {
    on_every_target([] {
        for (const int threads : {1, 2}) {
            const auto backend = make_simd(threads);
            TwinStore store(32);
            for (const auto& [length, width] : {std::pair{96, 16}, {192, 64}, {97, 520}, {480, 32}}) {
                for (const bool causal : {false, true}) {
                    check_derivative(*backend, store,
                                     {.batch = 1,
                                      .kv_heads = 1,
                                      .group = 1,
                                      .q_len = length,
                                      .kv_len = length,
                                      .head_dim = width,
                                      .value_head_dim = width,
                                      .causal = causal,
                                      .add = false,
                                      .layout = 2});
                }
            }
        }
    });
}
