// blas: products by OpenBLAS through CBLAS, softmax in vectors, threads across heads when there are enough.
#include <string>

#include "harness/backend/backend.hpp"

#ifdef HEADCOUNT_HAVE_OPENBLAS
#include <algorithm>
#include <limits>
#include <optional>

#include <cblas.h>

#include "harness/backend/batch_as_rows.hpp"
#include "harness/backend/cost.hpp"
#include "harness/backend/shared_rows.hpp"
#include "harness/backend/tiled_attend.hpp"

namespace headcount::backends {
namespace {

void gemm(CBLAS_TRANSPOSE a_form, CBLAS_TRANSPOSE b_form, blasint m, blasint n, blasint k, float alpha, const float* a,
          blasint lda, const float* b, blasint ldb, float beta, float* c, blasint ldc) {
    cblas_sgemm(CblasRowMajor, a_form, b_form, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void gemm(CBLAS_TRANSPOSE a_form, CBLAS_TRANSPOSE b_form, blasint m, blasint n, blasint k, double alpha,
          const double* a, blasint lda, const double* b, blasint ldb, double beta, double* c, blasint ldc) {
    cblas_dgemm(CblasRowMajor, a_form, b_form, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

/// How CBLAS is told of an operand: rows or columns in one piece.
struct Form {
    CBLAS_TRANSPOSE transpose;
    std::int64_t leading;
};

/// Nothing when neither rows nor columns lie in one piece: then the readable loops take over.
template <class T>
std::optional<Form> form_of(const Matrix<T>& m) {
    if (m.col_stride == 1 || m.cols == 1)
        return Form{CblasNoTrans, std::max(m.rows == 1 ? m.cols : m.row_stride, m.cols)};
    if (m.row_stride == 1 || m.rows == 1)
        return Form{CblasTrans, std::max(m.cols == 1 ? m.rows : m.col_stride, m.rows)};
    return std::nullopt;
}

/// c = alpha * a @ b + beta * c, beta 0 or 1. False when a layout or a size is not CBLAS's.
template <class T>
bool try_gemm(T alpha, const Matrix<T>& a, const Matrix<T>& b, T beta, const Matrix<T>& c) {
    const std::optional<Form> a_form = form_of(a);
    const std::optional<Form> b_form = form_of(b);
    const std::optional<Form> c_form = form_of(c);
    if (!a_form || !b_form || !c_form || c_form->transpose != CblasNoTrans) return false;
    const std::int64_t largest = std::max({c.rows, c.cols, a.cols, a_form->leading, b_form->leading, c_form->leading});
    if (largest > std::numeric_limits<blasint>::max()) return false;
    const auto blas = [](std::int64_t n) { return static_cast<blasint>(n); };
    gemm(a_form->transpose, b_form->transpose, blas(c.rows), blas(c.cols), blas(a.cols), alpha, a.data,
         blas(a_form->leading), b.data, blas(b_form->leading), beta, c.data, blas(c_form->leading));
    return true;
}

template <class T>
void blas_matmul(const Tensor& a, const Tensor& b, const Tensor& c, const MatmulOptions& options, std::int64_t i,
                 std::int64_t n, std::int64_t g) {
    const Matrix<T> left = matrix_at<T>(a, i, n, g);
    const Matrix<T> right = matrix_at<T>(b, i, n, g);
    const Matrix<T> product = matrix_at<T>(c, i, n, g);
    const T alpha = static_cast<T>(options.scale.value_or(1.0));
    if (options.bias == nullptr) {
        if (try_gemm(alpha, left, right, T{0}, product)) return;
    } else {
        const Matrix<T> bias = matrix_at<T>(*options.bias, 0, 0, 0);
        for (std::int64_t row = 0; row < product.rows; ++row) {
            for (std::int64_t j = 0; j < product.cols; ++j) product(row, j) = bias(0, j);
        }
        if (try_gemm(alpha, left, right, T{1}, product)) return;
    }
    naive_product(left, right, product, options);
}

template <class T>
struct BlasTileKernels {
    void scores(T scale, Matrix<T> q, Matrix<T> keys, Matrix<T> tile) const {
        if (!try_gemm(scale, q, keys.transposed(), T{0}, tile)) NaiveTileKernels<T>{}.scores(scale, q, keys, tile);
    }
    void context(Matrix<T> tile, Matrix<T> values, Matrix<T> out, bool accumulate) const {
        if (!try_gemm(T{1}, tile, values, static_cast<T>(accumulate ? 1 : 0), out)) {
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

// The backend accepts no other scalars (see `unsupported` below).
template <class F>
void with_blas_scalar(DType dtype, F f) {
    if (dtype == DType::f32) {
        f(float{});
    } else {
        f(double{});
    }
}

class BlasBackend final : public Backend {
public:
    explicit BlasBackend(const Execution& execution) : pool_(execution.num_threads), key_block_(execution.key_block) {}

    int num_threads() const override { return pool_.num_threads(); }

    OpCost executed_softmax(Mask mask, const Tensor& scores) const override { return reciprocal_softmax(mask, scores); }

    /// No larger than leaves every thread a block.
    std::int64_t query_block(const AttendShape& shape) const override {
        const std::int64_t heads = shape.batch * shape.heads();
        const std::int64_t blocks = std::min((num_threads() + heads - 1) / heads, shape.q_len);
        return std::min(Backend::query_block(shape), (shape.q_len + blocks - 1) / blocks);
    }
    std::int64_t key_block(const AttendShape& shape) const override {
        return key_block_ > 0 ? std::min(key_block_, shape.kv_len) : Backend::key_block(shape);
    }
    std::int64_t attend_scratch_elements(const AttendShape& shape) const override {
        return num_threads() * Backend::attend_scratch_elements(shape);
    }

private:
    void do_matmul(const Tensor& a, const Tensor& b, const Tensor& c, const MatmulOptions& options) override {
        const LeftAndProduct flat = flattened(a, b, c, options.masked);
        const Tensor& left = flat.left;
        const Tensor& product = flat.product;
        const std::int64_t matrices = product.batch() * product.kv_heads() * product.group();
        with_blas_scalar(c.dtype, [&](auto scalar) {
            using T = decltype(scalar);
            if (matrices >= num_threads() && num_threads() > 1) {
                give_library_threads(1);
                pool_.run(matrices, [&](std::int64_t index, int /*thread*/) {
                    const std::int64_t heads = product.kv_heads() * product.group();
                    blas_matmul<T>(left, b, product, options, index / heads, index % heads / product.group(),
                                   index % product.group());
                });
            } else {
                give_library_threads(num_threads());
                for_each_matrix(product, [&](std::int64_t i, std::int64_t n, std::int64_t g) {
                    blas_matmul<T>(left, b, product, options, i, n, g);
                });
            }
        });
    }

    void do_softmax_rows(Mask mask, const Tensor& scores) override {
        with_blas_scalar(scores.dtype, [&](auto scalar) {
            using T = decltype(scalar);
            if (scores.stride[4] != 1 && scores.cols() != 1) {
                naive_softmax<T>(mask, scores);
                return;
            }
            share_rows(pool_, scores, [&](std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t row) {
                vector_softmax(scores.at<T>(b, n, g, row), mask.visible(row, scores.rows(), scores.cols()),
                               scores.cols());
            });
        });
    }

    void do_copy(const Tensor& from, const Tensor& to) override {
        with_blas_scalar(to.dtype, [&](auto scalar) {
            using T = decltype(scalar);
            share_rows(pool_, to, [&](std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t row) {
                copy_row(from.at<T>(b, n, g, row), from.stride[4], to.at<T>(b, n, g, row), to.stride[4], to.cols());
            });
        });
    }

    void do_attend(double scale, Mask mask, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& out,
                   const Tensor& scratch) override {
        give_library_threads(1);
        const AttendShape shape = attend_shape(q, k, v);
        const QueryBlocks blocks(shape, query_block(shape));
        const std::int64_t keys = key_block(shape);
        const std::int64_t scratch_each = Backend::attend_scratch_elements(shape);
        with_blas_scalar(q.dtype, [&](auto scalar) {
            using T = decltype(scalar);
            pool_.run(blocks.count(), [&](std::int64_t index, int thread) {
                blocks.run(index, scale, mask, q, k, v, out, keys,
                           static_cast<T*>(scratch.data) + thread * scratch_each, BlasTileKernels<T>{});
            });
        });
    }

    /// OpenBLAS keeps one number for the whole process; changing it costs more than asking. Its own idle threads spin
    /// for a while after each product: whoever measures sets OPENBLAS_THREAD_TIMEOUT low before the process starts.
    static void give_library_threads(int count) {
        if (openblas_get_num_threads() != count) openblas_set_num_threads(count);
    }

    ThreadPool pool_;
    const std::int64_t key_block_;  ///< 0: the default
};

std::string parallel_model() {
    switch (openblas_get_parallel()) {
        case OPENBLAS_SEQUENTIAL: return "sequential";
        case OPENBLAS_THREAD: return "pthread";
        case OPENBLAS_OPENMP: return "openmp";
        default: return "unknown";
    }
}

}  // namespace

BackendInfo blas() {
    return {.summary = "OpenBLAS products, vectorised softmax, threads across heads or inside products",
            .missing = "",
            .unsupported = [](const Point& point) -> std::string {
                if (point.problem.dtype == DType::counted) return "blas computes f32 and f64; naive counts operations";
                if (point.num_threads > 1 && openblas_get_parallel() == OPENBLAS_SEQUENTIAL) {
                    return "this OpenBLAS was built without threads; set num_threads to 1";
                }
                return "";
            },
            .make = [](const Execution& execution) -> std::unique_ptr<Backend> {
                return std::make_unique<BlasBackend>(execution);
            },
            .facts = []() -> std::vector<std::pair<std::string, std::string>> {
                return {{"openblas.config", openblas_get_config()},
                        {"openblas.core", openblas_get_corename()},
                        {"openblas.version", OPENBLAS_VERSION},
                        {"openblas.parallel", parallel_model()},
                        {"softmax.vectors", vector_math::target_name()}};
            }};
}

}  // namespace headcount::backends

#else

namespace headcount::backends {

BackendInfo blas() {
    return {.summary = "OpenBLAS products, vectorised softmax",
            .missing = "OpenBLAS was not found at configure time; install libopenblas-dev and configure again",
            .unsupported = nullptr,
            .make = nullptr,
            .facts = nullptr};
}

}  // namespace headcount::backends

#endif
