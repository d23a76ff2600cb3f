// The readable backend: the loops of naive_kernels.hpp on one thread.
#pragma once

#include "harness/backend/naive_kernels.hpp"

namespace headcount {

class NaiveBackend : public Backend {
    void do_matmul(const Tensor& a, const Tensor& b, const Tensor& c, const MatmulOptions& options) override {
        with_scalar(c.dtype, [&](auto scalar) { naive_matmul<decltype(scalar)>(a, b, c, options); });
    }
    void do_softmax_rows(Mask mask, const Tensor& scores) override {
        with_scalar(scores.dtype, [&](auto scalar) { naive_softmax<decltype(scalar)>(mask, scores); });
    }
    void do_copy(const Tensor& from, const Tensor& to) override {
        with_scalar(to.dtype, [&](auto scalar) { naive_copy<decltype(scalar)>(from, to); });
    }
};

}  // namespace headcount
