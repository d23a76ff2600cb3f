#include "harness/measure/limits/gemm.hpp"

#include "harness/backend/all.hpp"
#include "harness/core/workspace.hpp"
#include "harness/measure/limits/windows.hpp"

namespace headcount::limits {
namespace {

const BackendInfo& blas() { return find_named(all_backends(), "blas", "backend"); }

Tensor filled(Workspace& store, DType dtype, std::int64_t rows, std::int64_t cols) {
    const Tensor t = store.take("operand", dtype, {1, 1, 1, rows, cols});
    for (std::int64_t i = 0; i < t.elements(); ++i) {
        if (dtype == DType::f64) {
            static_cast<double*>(t.data)[i] = 1;
        } else {
            static_cast<float*>(t.data)[i] = 1;
        }
    }
    return t;
}

}  // namespace

const std::vector<GemmShape>& gemm_shapes() {
    static const std::vector<GemmShape> shapes{
        {.name = "square.512", .rows = 512, .inner = 512, .cols = 512},
        {.name = "scores.d=512", .rows = 512, .inner = 512, .cols = 512, .transposed = true},
        {.name = "scores.d=64", .rows = 512, .inner = 64, .cols = 512, .transposed = true},
        {.name = "scores.d=16", .rows = 512, .inner = 16, .cols = 512, .transposed = true},
        {.name = "context.d=64", .rows = 512, .inner = 512, .cols = 64},
        {.name = "context.d=16", .rows = 512, .inner = 512, .cols = 16},
    };
    return shapes;
}

std::string gemm_missing() { return blas().missing; }

double gemm_rate(const GemmShape& shape, DType dtype, int threads, int windows) {
    const std::unique_ptr<Backend> backend = blas().make({.num_threads = threads});
    const std::int64_t elements = shape.rows * shape.inner + shape.inner * shape.cols + shape.rows * shape.cols;
    constexpr std::int64_t kPadding = 4096;
    Workspace store = Workspace::reserve(elements * size_in_bytes(dtype) + kPadding);
    const Tensor a = filled(store, dtype, shape.rows, shape.inner);
    const Tensor b = shape.transposed ? filled(store, dtype, shape.cols, shape.inner).transposed()
                                      : filled(store, dtype, shape.inner, shape.cols);
    const Tensor c = filled(store, dtype, shape.rows, shape.cols);
    const Work work = [&](long times) {
        for (long i = 0; i < times; ++i) backend->matmul("gemm", a, b, c, {});
        return 2.0 * static_cast<double>(times) * static_cast<double>(shape.rows * shape.inner * shape.cols);
    };
    return sustained_rate({work}, windows);
}

}  // namespace headcount::limits
