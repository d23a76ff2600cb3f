// attend: out = softmax(scale * q @ k^T + mask) @ v in one pass, without a score matrix (Dao et al. 2022).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "harness/backend/verbs/attend_cost.hpp"
#include "harness/backend/verbs/attend_vjp.hpp"
#include "harness/backend/verbs/fused_attend_vjp.hpp"
#include "harness/backend/verbs/tiled_attend.hpp"
#include "harness/backend/verbs/verb.hpp"
#include "harness/core/workspace.hpp"

namespace headcount {

/// q [b, kv_heads, group, q_len, d], k [b, kv_heads, 1, kv_len, d], v [b, kv_heads, 1, kv_len, dv],
/// out [b, kv_heads, group, q_len, dv]. Backend::attend() asks the backend for the plan and takes the scratch.
struct Attend {
    static constexpr std::string_view kName = "attend";
    double scale = 1;
    Mask mask;
    Tensor q, k, v, out;
    AttendPlan plan;
    Tensor scratch;  ///< plan.scratch_elements in accumulator_of(dtype)
    /// [b, kv_heads, group, 2, q_len] in accumulator_of(dtype): what the backend's own derivative wants kept. Where it
    /// is there, that one runs.
    std::optional<Tensor> statistics = {};

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.q, Access::read);
        f(verb.k, Access::read);
        f(verb.v, Access::read);
        f(verb.out, Access::write);
    }
    bool fits() const {
        return broadcasts(k, q) && broadcasts(v, q) && broadcasts(out, q) && q.cols() == k.cols() &&
               k.rows() == v.rows() && out.rows() == q.rows() && out.cols() == v.cols() && k.group() == 1 &&
               v.group() == 1 && out.elements() == q.batch() * q.kv_heads() * q.group() * q.rows() * v.cols() &&
               plan.query_block > 0 && plan.key_block > 0;
    }

    AttendShape shape() const { return attend_shape(q, k, v); }
    Parts required() const { return parts_of(required_attend(shape(), mask)); }
    Parts executed() const { return parts_of(tiled_attend_cost(shape(), mask, plan.query_block, plan.key_block)); }
    std::int64_t query_block() const { return plan.query_block; }

    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& memory, Adjoints& derivatives) const {
        if (!statistics) {
            AttendVjp(scale, mask, q, k, v, out, derivatives).run(backend, memory);
            return;
        }
        const Workspace::Frame frame(memory, Workspace::Use::scratch);
        FusedAttendVjp fused{
            .scale = scale,
            .mask = mask,
            .q = q,
            .k = k,
            .v = v,
            .out = out,
            .dout = derivatives.of(out),
            .dq = derivatives.of(q),
            .dk = derivatives.of(k),
            .dv = derivatives.of(v),
            .statistics = *statistics,
            .scratch = memory.take("tile", statistics->dtype, {1, 1, 1, 1, plan.vjp_scratch_elements})};
        fused.add_to_q = derivatives.holds(q);
        // Values before keys, as every backend writes them: they may be one tensor (grouped_tied).
        fused.add_to_v = derivatives.holds(v);
        fused.add_to_k = derivatives.holds(k);
        backend.run(role, fused);
    }

    template <class T>
    void naive() const {
        const QueryBlocks blocks(shape(), plan.query_block);
        for (std::int64_t i = 0; i < blocks.count(); ++i) {
            blocks.run(i, scale, mask, q, k, v, out, plan.key_block, static_cast<T*>(scratch.data),
                       NaiveTileKernels<T>{});
        }
    }
};

}  // namespace headcount
