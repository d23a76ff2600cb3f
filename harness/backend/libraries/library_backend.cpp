#include "harness/backend/libraries/library_backend.hpp"

#include <algorithm>

#include "harness/backend/batch_as_rows.hpp"
#include "harness/backend/cost.hpp"
#include "harness/backend/shared_rows.hpp"
#include "harness/backend/tiled_attend.hpp"

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
            multiply(tile, values, out, accumulate);
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

/// c = [scale *] a @ b [+ bias] for one matrix or some rows of one.
template <class T>
void multiply_one(const ProductLibrary& library, const Matrix<T>& a, const Matrix<T>& b, const Matrix<T>& c,
                  const MatmulOptions& options) {
    const T alpha = static_cast<T>(options.scale.value_or(1.0));
    if (options.bias == nullptr) {
        if (library.multiply(alpha, a, b, T{0}, c)) return;
    } else {
        const Matrix<T> bias = matrix_at<T>(*options.bias, 0, 0, 0);
        for (std::int64_t row = 0; row < c.rows; ++row) {
            for (std::int64_t j = 0; j < c.cols; ++j) c(row, j) = bias(0, j);
        }
        if (library.multiply(alpha, a, b, T{1}, c)) return;
    }
    naive_product(a, b, c, options);
}

}  // namespace

OpCost LibraryBackend::executed_softmax(Mask mask, const Tensor& scores) const {
    return reciprocal_softmax(mask, scores);
}

std::int64_t LibraryBackend::query_block(const AttendShape& shape) const {
    const std::int64_t heads = shape.batch * shape.heads();
    const std::int64_t blocks = std::min((num_threads() + heads - 1) / heads, shape.q_len);
    return std::min(Backend::query_block(shape), (shape.q_len + blocks - 1) / blocks);
}

std::int64_t LibraryBackend::key_block(const AttendShape& shape) const {
    return key_block_ > 0 ? std::min(key_block_, shape.kv_len) : Backend::key_block(shape);
}

std::int64_t LibraryBackend::attend_scratch_elements(const AttendShape& shape) const {
    return num_threads() * Backend::attend_scratch_elements(shape);
}

void LibraryBackend::do_matmul(const Tensor& a, const Tensor& b, const Tensor& c, const MatmulOptions& options) {
    const LeftAndProduct flat = flattened(a, b, c, options.masked);
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
            multiply_one<T>(library_, matrix_at<T>(left, i, n, g).row_range(first, rows), matrix_at<T>(b, i, n, g),
                            matrix_at<T>(product, i, n, g).row_range(first, rows), options);
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

void LibraryBackend::do_softmax_rows(Mask mask, const Tensor& scores) {
    with_library_scalar(scores.dtype, [&](auto scalar) {
        using T = decltype(scalar);
        if (scores.stride[4] != 1 && scores.cols() != 1) {
            naive_softmax<T>(mask, scores);
            return;
        }
        share_rows(pool_, scores, [&](std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t row) {
            vector_softmax(scores.at<T>(b, n, g, row), mask.visible(row, scores.rows(), scores.cols()), scores.cols());
        });
    });
}

void LibraryBackend::do_copy(const Tensor& from, const Tensor& to) {
    with_library_scalar(to.dtype, [&](auto scalar) {
        using T = decltype(scalar);
        share_rows(pool_, to, [&](std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t row) {
            copy_row(from.at<T>(b, n, g, row), from.stride[4], to.at<T>(b, n, g, row), to.stride[4], to.cols());
        });
    });
}

void LibraryBackend::do_attend(double scale, Mask mask, const Tensor& q, const Tensor& k, const Tensor& v,
                               const Tensor& out, const Tensor& scratch) {
    const AttendShape shape = attend_shape(q, k, v);
    const QueryBlocks blocks(shape, query_block(shape));
    const std::int64_t keys = key_block(shape);
    const std::int64_t scratch_each = Backend::attend_scratch_elements(shape);
    library_.give_threads(1);
    with_library_scalar(q.dtype, [&](auto scalar) {
        using T = decltype(scalar);
        pool_.run(blocks.count(), [&](std::int64_t index, int thread) {
            if (thread > 0) library_.give_threads(1);
            blocks.run(index, scale, mask, q, k, v, out, keys, static_cast<T*>(scratch.data) + thread * scratch_each,
                       LibraryTileKernels<T>{library_});
        });
    });
}

}  // namespace headcount
