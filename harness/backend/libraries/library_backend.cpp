#include "harness/backend/libraries/library_backend.hpp"

#include <algorithm>

#include "harness/backend/batch_as_rows.hpp"
#include "harness/backend/shared_rows.hpp"
#include "harness/backend/vector_math.hpp"
#include "harness/backend/verbs/attend.hpp"
#include "harness/backend/verbs/matmul.hpp"
#include "harness/backend/verbs/softmax_rows.hpp"

namespace headcount {
namespace {

/// Rows of c that make it worth to split a product that its library cannot split itself.
constexpr std::int64_t kFewestRows = 16;

// Backends over a library accept no other scalars (their `unsupported`).
template <class F>
void with_library_scalar(DType dtype, F f) {
    if (dtype == DType::f32) {
        f(float{});
    } else {
        f(double{});
    }
}

template <class T>
struct LibraryTileKernels {
    const ProductLibrary& library;

    void scores(T scale, Matrix<T> q, Matrix<T> keys, Matrix<T> tile) const {
        if (!library.multiply(scale, q, keys.transposed(), T{0}, tile)) {
            NaiveTileKernels<T>{}.scores(scale, q, keys, tile);
        }
    }
    void context(Matrix<T> tile, Matrix<T> values, Matrix<T> out, bool accumulate) const {
        if (!library.multiply(T{1}, tile, values, static_cast<T>(accumulate ? 1 : 0), out)) {
            NaiveTileKernels<T>{}.context(tile, values, out, accumulate);
        }
    }
    T row_max(const T* x, std::int64_t n) const { return vector_math::row_max(x, n); }
    T exp_and_sum(T* x, std::int64_t n, T peak) const { return vector_math::exp_and_sum(x, n, peak); }
    void scale_row(Matrix<T> row, T factor) const {
        if (row.col_stride == 1) {
            vector_math::scale(row.data, row.cols, factor);
        } else {
            scale_all(row, factor);
        }
    }
};

/// What `verb` is for one matrix or some rows of one.
template <class T>
void multiply_one(const ProductLibrary& library, const Matrix<T>& a, const Matrix<T>& b, const Matrix<T>& c,
                  const Matmul& verb) {
    const T alpha = static_cast<T>(verb.scale.value_or(1.0));
    if (!verb.bias) {
        if (library.multiply(alpha, a, b, static_cast<T>(verb.accumulate ? 1 : 0), c)) return;
    } else {
        const Matrix<T> bias = matrix_at<T>(*verb.bias, 0, 0, 0);
        for (std::int64_t row = 0; row < c.rows; ++row) {
            for (std::int64_t j = 0; j < c.cols; ++j) c(row, j) = bias(0, j);
        }
        if (library.multiply(alpha, a, b, T{1}, c)) return;
    }
    naive_product(a, b, c, verb.scale, verb.bias, verb.accumulate);
}

}  // namespace

Parts LibraryBackend::executed(const Verb& verb) const {
    if (const auto* const softmax = verb.as<SoftmaxRows>()) return softmax->reciprocals();
    return Backend::executed(verb);
}

AttendPlan LibraryBackend::attend_plan(const AttendShape& shape, const Mask& mask) const {
    AttendPlan plan = Backend::attend_plan(shape, mask);
    const std::int64_t heads = shape.batch * shape.heads();
    const std::int64_t blocks = std::min((num_threads() + heads - 1) / heads, shape.q_len);
    if (key_block_ > 0) plan.key_block = std::min(key_block_, shape.kv_len);
    plan.query_block = std::min(plan.query_block, (shape.q_len + blocks - 1) / blocks);
    plan.scratch_elements = num_threads() * tile_scratch_elements(plan.query_block, plan.key_block);
    return plan;
}

void LibraryBackend::compute(const Verb& verb) {
    if (const auto* const product = verb.as<Matmul>()) {
        multiply(*product);
    } else if (const auto* const core = verb.as<Attend>()) {
        stream(*core);
    } else if (!share_verb_of_rows(pool_, verb)) {
        Backend::compute(verb);
    }
}

void LibraryBackend::multiply(const Matmul& verb) {
    const LeftAndProduct flat = flattened(verb.a, verb.b, verb.c, verb.masked);
    const Tensor& left = flat.left;
    const Tensor& product = flat.product;
    const std::int64_t matrices = product.batch() * product.kv_heads() * product.group();
    const bool by_heads = matrices >= num_threads();
    const bool inside = !by_heads && library_.threads_inside();
    const std::int64_t strips =
        by_heads || inside ? 1 : std::clamp<std::int64_t>(product.rows() / kFewestRows, 1, num_threads());
    const auto run_strip = [&](std::int64_t index) {
        const std::int64_t matrix = index / strips;
        const std::int64_t heads = product.kv_heads() * product.group();
        const std::int64_t i = matrix / heads, n = matrix % heads / product.group(), g = matrix % product.group();
        const std::int64_t first = product.rows() * (index % strips) / strips;
        const std::int64_t rows = product.rows() * (index % strips + 1) / strips - first;
        with_library_scalar(product.dtype, [&](auto scalar) {
            using T = decltype(scalar);
            multiply_one<T>(library_, matrix_at<T>(left, i, n, g).row_range(first, rows), matrix_at<T>(verb.b, i, n, g),
                            matrix_at<T>(product, i, n, g).row_range(first, rows), verb);
        });
    };
    if (inside) {
        library_.give_threads(num_threads());
        for (std::int64_t index = 0; index < matrices; ++index) run_strip(index);
        return;
    }
    library_.give_threads(1);
    pool_.run(matrices * strips, [&](std::int64_t index, int thread) {
        if (thread > 0) library_.give_threads(1);  // where a library keeps the number for each thread
        run_strip(index);
    });
}

void LibraryBackend::stream(const Attend& verb) {
    const QueryBlocks blocks(verb.shape(), verb.plan.query_block);
    const std::int64_t scratch_each = verb.plan.scratch_elements / num_threads();
    library_.give_threads(1);
    with_library_scalar(verb.q.dtype, [&](auto scalar) {
        using T = decltype(scalar);
        pool_.run(blocks.count(), [&](std::int64_t index, int thread) {
            if (thread > 0) library_.give_threads(1);
            blocks.run(index, verb.scale, verb.mask, verb.q, verb.k, verb.v, verb.out, verb.plan.key_block,
                       static_cast<T*>(verb.scratch.data) + thread * scratch_each, LibraryTileKernels<T>{library_});
        });
    });
}

}  // namespace headcount
