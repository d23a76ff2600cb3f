// The verbs over a library of products: softmax in vectors, threads across heads when there are enough.
#pragma once

#include "harness/backend/backend.hpp"
#include "harness/backend/libraries/products.hpp"
#include "harness/core/parallel.hpp"

namespace headcount {

/// Threads: the pool's across heads when there are at least as many heads as threads; otherwise the library's inside
/// a product where it has a control, and the pool's across strips of rows where it has none.
class LibraryBackend : public Backend {
public:
    /// `library` outlives the backend and computes f32, and f64 unless the backend's `unsupported` refuses it.
    LibraryBackend(const ProductLibrary& library, const Execution& execution)
        : library_(library), pool_(execution.num_threads), key_block_(execution.key_block) {}

    int num_threads() const override { return pool_.num_threads(); }

    OpCost executed_softmax(Mask mask, const Tensor& scores) const override;
    /// No larger than leaves every thread a block.
    std::int64_t query_block(const AttendShape& shape) const override;
    std::int64_t key_block(const AttendShape& shape) const override;
    std::int64_t attend_scratch_elements(const AttendShape& shape) const override;

protected:
    void do_matmul(const Tensor& a, const Tensor& b, const Tensor& c, const MatmulOptions& options) override;

private:
    void do_softmax_rows(Mask mask, const Tensor& scores) override;
    void do_copy(const Tensor& from, const Tensor& to) override;
    void do_attend(double scale, Mask mask, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& out,
                   const Tensor& scratch) override;

    const ProductLibrary& library_;
    ThreadPool pool_;
    const std::int64_t key_block_;  ///< 0: the default
};

}  // namespace headcount
