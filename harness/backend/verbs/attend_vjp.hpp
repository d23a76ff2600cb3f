// The derivative of attend: scores are made again, some rows of queries at a time, and never held all at once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matmul.hpp"
#include "harness/backend/verbs/softmax_rows.hpp"
#include "harness/backend/verbs/softmax_rows_vjp.hpp"
#include "harness/core/mask.hpp"
#include "harness/core/tensor.hpp"
#include "harness/core/workspace.hpp"

namespace headcount {

/// Five products where the definition needs four (Dao et al. 2022, algorithm 4). Whole rows of scores need no running
/// maximum, so the forward pass keeps nothing for this one. Memory is linear in the length.
class AttendVjp {
public:
    /// Of out = softmax(scale q k^T + mask) v. Asks `derivatives` for those of q, k, v and out.
    AttendVjp(double scale, const Mask& mask, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& out,
              Adjoints& derivatives)
        : scale_(scale),
          mask_(mask),
          q_(q),
          k_(k),
          v_(v),
          dout_(derivatives.of(out)),
          dq_(derivatives.of(q)),
          dk_(derivatives.of(k)),
          dv_(derivatives.of(v)),
          add_to_q_(derivatives.holds(q)),
          add_to_v_(derivatives.holds(v)),
          add_to_k_(derivatives.holds(k)) {}

    template <class AnyBackend>
    void run(AnyBackend& backend, Workspace& scratch) {
        for_each_matrix(q_, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            // From the last block on, which sees all keys: it begins all of dk and dv.
            for (std::int64_t end = q_.rows(); end > 0;) {
                const std::int64_t first = first_of(end);
                block(backend, scratch, {.b = b, .n = n, .g = g, .first = first, .count = end - first});
                end = first;
            }
        });
    }

private:
    struct Place {
        std::int64_t b, n, g, first, count;
    };
    /// Two tiles of rows x kv_len fill about what a core has of fast memory. Fewer rows would not pay for packing
    /// keys and values anew.
    static constexpr std::int64_t kTileBytes = std::int64_t{1} << 20, kFewestRows = 64;

    std::int64_t first_of(std::int64_t end) const {
        const std::int64_t row_bytes = 2 * k_.rows() * size_in_bytes(q_.dtype);
        const std::int64_t rows = std::max(kTileBytes / row_bytes, kFewestRows);
        // Rows that see no key belong to a block with one that does.
        const std::int64_t dead = mask_.sees_prefix() ? q_.rows() - mask_.live_rows(q_.rows(), k_.rows()) : 0;
        const std::int64_t first = std::max<std::int64_t>(end - rows, 0);
        return first <= dead ? 0 : first;
    }

    template <class AnyBackend>
    void block(AnyBackend& backend, Workspace& scratch, const Place& at) {
        const Workspace::Frame frame(scratch, Workspace::Use::scratch);
        const std::int64_t keys = mask_.keys_of_block(at.first, at.count, q_.rows(), k_.rows());
        const Mask mask = mask_.of_block(at.first, q_.rows());
        const auto rows_of = [&](const Tensor& t) { return t.matrix(at.b, at.n, at.g).row_range(at.first, at.count); };
        const auto keys_of = [&](const Tensor& t) { return t.matrix(at.b, at.n, 0).row_range(0, keys); };
        const Tensor q = rows_of(q_), dout = rows_of(dout_), dq = rows_of(dq_);
        const Tensor k = keys_of(k_), v = keys_of(v_), dk = keys_of(dk_), dv = keys_of(dv_);
        const Tensor weights = scratch.take("tile", q_.dtype, {1, 1, 1, at.count, keys});
        const Tensor d = scratch.take("tile", q_.dtype, {1, 1, 1, at.count, keys});
        const bool last = at.first + at.count == q_.rows();
        const bool add_to_k = add_to_k_ || !last || !first_at(k_, at.b, at.n, at.g);
        const bool add_to_v = add_to_v_ || !last || !first_at(v_, at.b, at.n, at.g);

        Matmul product{.a = q, .b = k.transposed(), .c = weights, .scale = scale_, .mask = mask};
        product.masked = Masked::output;
        product.again = true;
        backend.run("scores", product);
        backend.run("weights", SoftmaxRows{.mask = mask, .scores = weights, .again = true});
        Matmul context{.a = weights, .b = v, .c = dout, .mask = mask, .masked = Masked::left};
        context.vjp(backend, "context", dout, {.a = d, .b = dv, .add_to_a = false, .add_to_b = add_to_v});
        backend.run("weights", SoftmaxRowsVjp{.mask = mask, .weights = weights, .derivative = d});
        product.again = false;
        product.vjp(backend, "scores", d, {.a = dq, .b = dk.transposed(), .add_to_a = add_to_q_, .add_to_b = add_to_k});
    }

    double scale_;
    Mask mask_;
    Tensor q_, k_, v_;
    Tensor dout_, dq_, dk_, dv_;
    /// Values before keys, as they are written: they may be one tensor (grouped_tied).
    bool add_to_q_, add_to_v_, add_to_k_;
};

}  // namespace headcount
