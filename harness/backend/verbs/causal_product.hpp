// causal_product: Q (K^T V) row by row, where each row meets the state K^T V of the keys up to its own place.
#pragma once

#include <cstdint>
#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/along_length.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"
#include "harness/core/workspace.hpp"

namespace headcount {

/// out_i = q_i S_i with the state S_i = sum of k_j^T v_j over the keys that row i has taken in (AlongLength), which is
/// carried along the length; zero for a row that has taken in none. Queries in groups read one state; keys in groups
/// are all summed into it. That is its own derivative with the operands in other places.
struct CausalProduct {
    static constexpr std::string_view kName = "causal_product";
    Tensor q;           ///< [batch, kv_head, group or 1, r, d]
    Tensor k, v;        ///< [batch, kv_head, group or 1, m, d], [.., m, n]
    Tensor state, out;  ///< [batch, kv_head, 1, d, n], as it is behind the last row; [.., r, n] in the groups of q
    bool backwards = false;
    bool accumulate = false;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.q, Access::read);
        f(verb.k, Access::read);
        f(verb.v, Access::read);
        f(verb.state, Access::write);
        f(verb.out, verb.accumulate ? Access::update : Access::write);
    }
    bool fits() const {
        const auto is = [&](const Tensor& t, std::int64_t group, std::int64_t rows, std::int64_t cols) {
            return t.extent == std::array{q.batch(), q.kv_heads(), group, rows, cols} && t.dtype == q.dtype;
        };
        return is(k, k.group(), k.rows(), q.cols()) && is(v, k.group(), k.rows(), v.cols()) &&
               is(state, 1, q.cols(), v.cols()) && is(out, q.group(), q.rows(), v.cols());
    }

    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& scratch, Adjoints& derivatives) const {
        const Tensor d_out = derivatives.of(out);
        // dq_i = sum of (d_out_i v_j) k_j; dk_j = sum of (v_j d_out_i) q_i; dv_j = sum of (k_j q_i) d_out_i
        one(backend, role, scratch, of(d_out, v, k, backwards), q, derivatives);
        one(backend, role, scratch, of(v, d_out, q, !backwards), k, derivatives);
        one(backend, role, scratch, of(k, q, d_out, !backwards), v, derivatives);
    }

    Parts required() const {
        const AlongLength order = along();
        const std::int64_t states = q.batch() * q.kv_heads();
        const std::int64_t taken = states * k.group() * order.all_taken();
        const std::int64_t read = states * q.group() * order.live_rows();
        return {{.op = "matmul",
                 .role = "",
                 .cost = {.multiplies = (taken + read) * q.cols() * v.cols(),
                          .adds = (taken - states) * q.cols() * v.cols() +
                                  read * (q.cols() - (accumulate ? 0 : 1)) * v.cols(),
                          .bytes_read = q.bytes() + k.bytes() + v.bytes() + (accumulate ? out.bytes() : 0),
                          .bytes_written = state.bytes() + out.bytes()}}};
    }

    template <class T>
    void naive() const {
        for (std::int64_t b = 0; b < q.batch(); ++b) {
            for (std::int64_t n = 0; n < q.kv_heads(); ++n) head_naive<T>(b, n);
        }
    }

private:
    AlongLength along() const { return {.rows = q.rows(), .keys = k.rows(), .backwards = backwards}; }

    template <class T>
    void head_naive(std::int64_t b, std::int64_t n) const {
        const AlongLength order = along();
        const Matrix<T> s = matrix_at<T>(state, b, n, 0);
        std::int64_t taken = 0;
        for (std::int64_t step = 0; step < order.rows; ++step) {
            for (; taken < order.taken(step); ++taken) {
                const std::int64_t j = order.key(taken);
                for (std::int64_t g = 0; g < k.group(); ++g) {
                    multiply(matrix_at<T>(k, b, n, g).row_range(j, 1).transposed(),
                             matrix_at<T>(v, b, n, g).row_range(j, 1), s, taken > 0 || g > 0);
                }
            }
            const std::int64_t i = order.row(step);
            for (std::int64_t g = 0; g < q.group(); ++g) {
                const Matrix<T> y = matrix_at<T>(out, b, n, g).row_range(i, 1);
                if (taken > 0) multiply(matrix_at<T>(q, b, n, g).row_range(i, 1), s, y, accumulate);
                for (std::int64_t c = 0; c < y.cols && taken == 0 && !accumulate; ++c) y(0, c) = T{};
            }
        }
    }

    static CausalProduct of(const Tensor& q, const Tensor& k, const Tensor& v, bool backwards) {
        return {.q = q, .k = k, .v = v, .state = {}, .out = {}, .backwards = backwards};
    }
    /// The derivative by one operand, itself such a product.
    template <class AnyBackend>
    static void one(AnyBackend& backend, std::string_view role, Workspace& scratch, CausalProduct product,
                    const Tensor& by, Adjoints& derivatives) {
        const Workspace::Frame frame(scratch, Workspace::Use::scratch);
        product.state = scratch.take("state", product.q.dtype,
                                     {product.q.batch(), product.q.kv_heads(), 1, product.q.cols(), product.v.cols()});
        product.out = derivatives.of(by);
        product.accumulate = derivatives.holds(by);
        backend.run(role, product);
    }
};

}  // namespace headcount
