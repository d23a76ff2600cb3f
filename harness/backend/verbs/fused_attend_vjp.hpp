// attend_vjp: the derivative of attend as one verb, for backends that have a kernel for it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "harness/backend/verbs/matmul.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/softmax_rows.hpp"
#include "harness/backend/verbs/softmax_rows_vjp.hpp"
#include "harness/backend/verbs/verb.hpp"
#include "harness/core/mask.hpp"
#include "harness/core/op_cost.hpp"
#include "harness/core/tensor.hpp"

namespace headcount {

/// Of out = softmax(scale * q @ k^T + mask) @ v the derivatives by q, k and v from that by out. Backends without a
/// kernel for it run AttendVjp, which does the same with their products.
struct FusedAttendVjp {
    static constexpr std::string_view kName = "attend_vjp";
    double scale = 1;
    Mask mask;
    Tensor q, k, v, out;
    Tensor dout;
    Tensor dq, dk, dv;
    bool add_to_q = false, add_to_k = false, add_to_v = false;
    Tensor statistics;  ///< what attend kept of its rows, in the backend's own form
    Tensor scratch;     ///< AttendPlan::vjp_scratch_elements

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        for (auto* const read : {&verb.q, &verb.k, &verb.v, &verb.out, &verb.dout}) f(*read, Access::read);
        f(verb.dq, verb.add_to_q ? Access::update : Access::write);
        f(verb.dk, verb.add_to_k ? Access::update : Access::write);
        f(verb.dv, verb.add_to_v ? Access::update : Access::write);
    }
    bool fits() const {
        const auto alike = [](const Tensor& a, const Tensor& b) { return a.extent == b.extent && a.dtype == b.dtype; };
        return alike(dq, q) && alike(dk, k) && alike(dv, v) && alike(dout, out) && broadcasts(k, q) &&
               broadcasts(v, q) && q.cols() == k.cols() && k.rows() == v.rows() && out.rows() == q.rows() &&
               out.cols() == v.cols();
    }

    /// Scores and weights are made again, which is work of this path alone. Every operand crosses the boundary of fast
    /// memory once.
    Parts required() const {
        Parts parts = sum([](const auto& verb) { return verb.required(); });
        for (PartCost& part : parts) part.cost.bytes_read = part.cost.bytes_written = 0;
        OpCost &scores = parts[kScores].cost, &context = parts[kContext].cost;
        scores.bytes_read = q.bytes() + k.bytes() + (add_to_q ? dq.bytes() : 0) + (add_to_k ? dk.bytes() : 0);
        scores.bytes_written = dq.bytes() + dk.bytes();
        context.bytes_read = v.bytes() + out.bytes() + dout.bytes() + (add_to_v ? dv.bytes() : 0);
        context.bytes_written = dv.bytes();
        return parts;
    }
    Parts executed() const {
        return sum([](const auto& verb) {
            if constexpr (requires { verb.executed(); }) {
                return verb.executed();
            } else {
                return verb.required();
            }
        });
    }

    template <class T>
    void naive() const {
        const auto size = static_cast<std::size_t>(q.rows() * k.rows());
        std::vector<T> weights(size), derivative(size);
        each_step(weights.data(), derivative.data(),
                  [](std::string_view /*role*/, const auto& verb) { verb.template naive<T>(); });
    }

private:
    enum Ingredient : std::uint8_t { kScores, kScale, kWeights, kContext };

    /// Calls f(role, verb) for the verbs that the derivative consists of, for every head.
    template <class F>
    void each_step(void* weights_memory, void* derivative_memory, const F& f) const {
        const std::array<std::int64_t, 5> extent{1, 1, 1, q.rows(), k.rows()};
        const Tensor weights = dense(weights_memory, q.dtype, extent), d = dense(derivative_memory, q.dtype, extent);
        for_each_matrix(q, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const auto at = [&](const Tensor& t) { return t.matrix(b, n, g); };
            const auto product = [&](const Tensor& left, const Tensor& right, const Tensor& c, Masked masked) {
                return Matmul{.a = left, .b = right, .c = c, .mask = mask, .masked = masked};
            };
            const auto scaled = [&](Matmul verb) {
                verb.scale = scale;
                return verb;
            };
            const auto added = [&](Matmul verb, bool add) {
                verb.accumulate = add;
                return verb;
            };
            Matmul scores = scaled(product(at(q), at(k).transposed(), weights, Masked::output));
            scores.again = true;
            f("scores", scores);
            f("weights", SoftmaxRows{.mask = mask, .scores = weights, .again = true});
            f("context", product(at(dout), at(v).transposed(), d, Masked::output));
            f("context", added(product(weights.transposed(), at(dout), at(dv), Masked::left_transposed),
                               add_to_v || !first_at(dv, b, n, g)));
            f("weights", SoftmaxRowsVjp{.mask = mask, .weights = weights, .derivative = d});
            f("scores", added(scaled(product(d, at(k), at(dq), Masked::left)), add_to_q));
            f("scores", added(scaled(product(d.transposed(), at(q), at(dk), Masked::left_transposed)),
                              add_to_k || !first_at(dk, b, n, g)));
        });
    }

    /// Of all steps what `parts_of` says, by ingredient.
    template <class F>
    Parts sum(const F& parts_of) const {
        Parts all{{.op = "matmul", .role = "scores", .cost = {}},
                  {.op = "scale", .role = "scores", .cost = {}},
                  {.op = "softmax", .role = "weights", .cost = {}},
                  {.op = "matmul", .role = "context", .cost = {}}};
        each_step(nullptr, nullptr, [&](std::string_view role, const auto& verb) {
            for (const PartCost& part : parts_of(verb)) {
                std::find_if(all.begin(), all.end(), [&](const PartCost& one) {
                    return one.op == part.op && one.role == role;
                })->cost += part.cost;
            }
        });
        return all;
    }
};

}  // namespace headcount
