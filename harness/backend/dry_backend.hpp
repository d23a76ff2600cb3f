// A backend that computes nothing and tells what another would have done.
#pragma once

#include <memory>
#include <utility>

#include "harness/backend/backend.hpp"

namespace headcount {

/// Takes its executed ledger and its blocks from `model`; needs no data behind the tensors.
class DryBackend final : public Backend {
public:
    explicit DryBackend(std::unique_ptr<Backend> model) : model_(std::move(model)) {}

    bool executes() const override { return false; }
    int num_threads() const override { return model_->num_threads(); }
    OpCost executed_matmul(const Tensor& a, const Tensor& b, const Tensor& c,
                           const MatmulOptions& options) const override {
        return model_->executed_matmul(a, b, c, options);
    }
    OpCost executed_scale(const Tensor& a, const Tensor& b, const Tensor& c,
                          const MatmulOptions& options) const override {
        return model_->executed_scale(a, b, c, options);
    }
    OpCost executed_softmax(Mask mask, const Tensor& scores) const override {
        return model_->executed_softmax(mask, scores);
    }
    AttendParts executed_attend(const AttendShape& shape, Mask mask) const override {
        return model_->executed_attend(shape, mask);
    }
    std::int64_t query_block(const AttendShape& shape) const override { return model_->query_block(shape); }
    std::int64_t key_block(const AttendShape& shape) const override { return model_->key_block(shape); }
    std::int64_t attend_scratch_elements(const AttendShape& shape) const override {
        return model_->attend_scratch_elements(shape);
    }

private:
    void do_matmul(const Tensor& /*a*/, const Tensor& /*b*/, const Tensor& /*c*/,
                   const MatmulOptions& /*options*/) override {}
    void do_softmax_rows(Mask /*mask*/, const Tensor& /*scores*/) override {}
    void do_copy(const Tensor& /*from*/, const Tensor& /*to*/) override {}
    void do_attend(double /*scale*/, Mask /*mask*/, const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                   const Tensor& /*out*/, const Tensor& /*scratch*/) override {}

    std::unique_ptr<Backend> model_;
};

}  // namespace headcount
