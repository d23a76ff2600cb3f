// The readable backend: the loops of naive_kernels.hpp on one thread.
#pragma once

#include "harness/backend/naive_kernels.hpp"
#include "harness/backend/widened.hpp"

namespace headcount {

class NaiveBackend : public Backend {
    void do_matmul(const Tensor& a, const Tensor& b, const Tensor& c, const MatmulOptions& options) override {
        if (c.dtype == DType::bf16) {
            MatmulOptions wide = options;
            Tensor bias;
            if (options.bias != nullptr) {
                bias = wide_[3].of(*options.bias);
                wide.bias = &bias;
            }
            const Tensor product = wide_[2].shaped_as(c);
            naive_matmul<float>(wide_[0].of(a), wide_[1].of(b), product, wide);
            Widened::round(product, c);
            return;
        }
        with_scalar(c.dtype, [&](auto scalar) { naive_matmul<decltype(scalar)>(a, b, c, options); });
    }
    void do_softmax_rows(Mask mask, const Tensor& scores) override {
        if (scores.dtype == DType::bf16) {
            const Tensor wide = wide_[0].of(scores);
            naive_softmax<float>(mask, wide);
            Widened::round(wide, scores);
            return;
        }
        with_scalar(scores.dtype, [&](auto scalar) { naive_softmax<decltype(scalar)>(mask, scores); });
    }
    void do_copy(const Tensor& from, const Tensor& to) override {
        if (to.dtype == DType::bf16) {
            naive_copy<BFloat16>(from, to);
            return;
        }
        with_scalar(to.dtype, [&](auto scalar) { naive_copy<decltype(scalar)>(from, to); });
    }
    void do_attend(double scale, Mask mask, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& out,
                   const Tensor& scratch) override {
        if (q.dtype == DType::bf16) {
            const Tensor result = wide_[3].shaped_as(out);
            Backend::do_attend(scale, mask, wide_[0].of(q), wide_[1].of(k), wide_[2].of(v), result, scratch);
            Widened::round(result, out);
            return;
        }
        Backend::do_attend(scale, mask, q, k, v, out, scratch);
    }

    Widened wide_[4];  ///< operands of one verb
};

}  // namespace headcount
