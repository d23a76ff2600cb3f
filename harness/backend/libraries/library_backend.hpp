// The verbs over a library of products: softmax in vectors, threads across heads when there are enough.
#pragma once

#include "harness/backend/attend_options.hpp"
#include "harness/backend/backend.hpp"
#include "harness/backend/libraries/products.hpp"
#include "harness/core/parallel.hpp"

namespace headcount {

struct Attend;

/// Threads: the pool's across heads when there are at least as many heads as threads; otherwise the library's inside
/// a product where it has a control, and the pool's across strips of rows where it has none.
class LibraryBackend : public Backend {
public:
    /// `library` outlives the backend and computes f32, and f64 unless the backend's `unsupported` refuses it.
    LibraryBackend(const ProductLibrary& library, const Execution& execution)
        : library_(library), pool_(execution.num_threads), key_block_(attend_options().read(execution.own).key_block) {}

    int num_threads() const override { return pool_.num_threads(); }

    Parts executed(const Verb& verb) const override;
    /// Blocks of queries no larger than leave every thread one.
    AttendPlan attend_plan(const AttendShape& shape, const Mask& mask) const override;

protected:
    void compute(const Verb& verb) override;

private:
    void multiply(const Matmul& verb);
    void stream(const Attend& verb);

    const ProductLibrary& library_;
    ThreadPool pool_;
    const std::int64_t key_block_;  ///< 0: the default
};

}  // namespace headcount
