// onednn: products by oneDNN, a whole batch of heads as one matmul primitive.
#include <string>

#include "harness/backend/attend_options.hpp"
#include "harness/backend/backend.hpp"

#ifdef HEADCOUNT_HAVE_ONEDNN
#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <optional>
#include <utility>

#include <oneapi/dnnl/dnnl.hpp>

#include "harness/backend/batch_as_rows.hpp"
#include "harness/backend/libraries/gemm_form.hpp"
#include "harness/backend/libraries/library_backend.hpp"
#include "harness/backend/libraries/shared_library.hpp"
#include "harness/backend/vector_math.hpp"

namespace headcount::backends {
namespace {

using dnnl::memory;

/// dnnl_sgemm, for the tiles of the fused core: no primitive to be made for each of their many shapes.
class OnednnProducts final : public ProductLibrary {
public:
    bool multiply(float alpha, const Matrix<float>& a, const Matrix<float>& b, float beta,
                  const Matrix<float>& c) const override {
        const std::optional<GemmForms> forms = gemm_forms_of(a, b, c);
        if (!forms) return false;
        const auto transpose = [](const GemmForm& form) { return form.transposed ? 'T' : 'N'; };
        return dnnl::sgemm(transpose(forms->a), transpose(forms->b), c.rows, c.cols, a.cols, alpha, a.data,
                           forms->a.leading, b.data, forms->b.leading, beta, c.data,
                           forms->c.leading) == dnnl::status::success;
    }
    bool multiply(double /*alpha*/, const Matrix<double>& /*a*/, const Matrix<double>& /*b*/, double /*beta*/,
                  const Matrix<double>& /*c*/) const override {
        return false;
    }
    bool threads_inside() const override { return runtime() == DNNL_RUNTIME_OMP; }
    /// OpenMP keeps the number for each calling thread.
    void give_threads(int count) const override {
        if (openmp().get != nullptr && openmp().get() != count) openmp().set(count);
    }

    static unsigned runtime() { return dnnl::version()->cpu_runtime; }

private:
    struct OpenMp {
        void (*set)(int);
        int (*get)();
    };
    /// Of the runtime that oneDNN was linked with: a compiler's own -fopenmp may bring another one.
    static const OpenMp& openmp() {
        static const OpenMp functions{reinterpret_cast<void (*)(int)>(program_wide_address("omp_set_num_threads")),
                                      reinterpret_cast<int (*)()>(program_wide_address("omp_get_max_threads"))};
        return functions;
    }
};

const OnednnProducts& products() {
    static const OnednnProducts library;
    return library;
}

/// Extents and strides of a, b and c as oneDNN takes them.
struct Shapes {
    std::array<memory::dims, 3> extents, strides;
};

/// Leading dimensions of extent one are left out: oneDNN has more kernels for fewer. The distance between the rows of
/// a single row is not one that a kernel may refuse.
Shapes shapes_of(const std::array<const Tensor*, 3>& operands, const GemmForms& forms) {
    Shapes shapes;
    const std::array<GemmForm, 3> form{forms.a, forms.b, forms.c};
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t axis = 0; axis < 5; ++axis) {
            if (axis < 3 && operands[2]->extent[axis] == 1) continue;
            shapes.extents[i].push_back(operands[i]->extent[axis]);
            shapes.strides[i].push_back(operands[i]->stride[axis]);
        }
        shapes.strides[i].end()[-2] = form[i].transposed ? 1 : form[i].leading;
        shapes.strides[i].end()[-1] = form[i].transposed ? form[i].leading : 1;
    }
    return shapes;
}

/// Whether oneDNN can describe such a window: each step reaches over all that the smaller ones span. It refuses every
/// n-th row of a matrix where the last step would end behind the next matrix.
bool describable(const Tensor& t) {
    for (std::size_t outer = 0; outer < 5; ++outer) {
        for (std::size_t inner = 0; inner < 5; ++inner) {
            if (t.extent[outer] == 1 || t.extent[inner] == 1 || t.stride[inner] >= t.stride[outer]) continue;
            if (t.stride[inner] * t.extent[inner] > t.stride[outer]) return false;
        }
    }
    return true;
}

class OnednnBackend final : public LibraryBackend {
public:
    explicit OnednnBackend(const Execution& execution) : LibraryBackend(products(), execution) {}

private:
    /// Bias or not, the bits of the scale, extents and strides of a, b and c.
    using Key = std::array<std::int64_t, 2 + 3 * 10>;
    struct Product {
        dnnl::matmul primitive;
        memory a, b, bias, c;
    };

    void compute(const Verb& verb) override {
        const auto* const matmul = verb.as<Matmul>();
        if (matmul == nullptr || !executed_as_primitive(*matmul)) LibraryBackend::compute(verb);
    }

    /// False, with nothing done, where the gemm has to do it.
    bool executed_as_primitive(const Matmul& verb) {
        const LeftAndProduct flat = flattened(verb.a, verb.b, verb.c, verb.masked);
        products().give_threads(num_threads());
        Product* const product = prepared(flat.left, verb.b, flat.product, verb);
        if (product == nullptr) return false;
        product->a.set_data_handle(flat.left.data);
        product->b.set_data_handle(verb.b.data);
        product->c.set_data_handle(flat.product.data);
        std::array<dnnl_exec_arg_t, 4> arguments{{{DNNL_ARG_SRC, product->a.get()},
                                                  {DNNL_ARG_WEIGHTS, product->b.get()},
                                                  {DNNL_ARG_DST, product->c.get()},
                                                  {DNNL_ARG_BIAS, product->bias.get()}}};
        if (verb.bias) product->bias.set_data_handle(verb.bias->data);
        // The C function: that of C++ copies the arguments into a map and a vector at each call.
        dnnl::error::wrap_c_api(
            dnnl_primitive_execute(product->primitive.get(), stream_.get(), verb.bias ? 4 : 3, arguments.data()),
            "oneDNN could not execute a matmul");
        stream_.wait();
        return true;
    }

    /// The primitive for these shapes, made when they are met first; null for what the gemm does instead.
    Product* prepared(const Tensor& a, const Tensor& b, const Tensor& c, const Matmul& verb) {
        // oneDNN would add the bias before it scales.
        if ((verb.scale && verb.bias) || verb.accumulate) return nullptr;
        if (verb.bias && verb.bias->cols() > 1 && verb.bias->stride[4] != 1) return nullptr;
        const std::optional<GemmForms> forms =
            gemm_forms_of(matrix_at<float>(a, 0, 0, 0), matrix_at<float>(b, 0, 0, 0), matrix_at<float>(c, 0, 0, 0));
        if (!forms || !describable(a) || !describable(b) || !describable(c)) return nullptr;
        const float scale = static_cast<float>(verb.scale.value_or(1.0));
        Key key{verb.bias.has_value(), std::bit_cast<std::int32_t>(scale)};
        auto* next = key.begin() + 2;
        for (const Tensor* operand : {&a, &b, &c}) {
            next = std::copy(operand->extent.begin(), operand->extent.end(), next);
            next = std::copy(operand->stride.begin(), operand->stride.end(), next);
        }
        const auto found = products_.find(key);
        if (found != products_.end()) return &found->second;
        return &products_.emplace(key, make(shapes_of({&a, &b, &c}, *forms), scale, verb.bias.has_value()))
                    .first->second;
    }

    Product make(const Shapes& shapes, float scale, bool biased) const {
        const auto desc = [&](std::size_t i) {
            return memory::desc(shapes.extents[i], memory::data_type::f32, shapes.strides[i]);
        };
        const memory::desc a = desc(0), b = desc(1), c = desc(2);
        dnnl::primitive_attr attributes;
        if (scale != 1) attributes.set_output_scales(0, {scale});
        memory::dims row(shapes.extents[2].size(), 1);
        row.back() = shapes.extents[2].back();
        const memory::desc bias(row, memory::data_type::f32, memory::dims(row.size(), 1));
        const auto operation = biased ? dnnl::matmul::desc(a, b, bias, c) : dnnl::matmul::desc(a, b, c);
        const auto window = [&](const memory::desc& of) { return memory(of, engine_, DNNL_MEMORY_NONE); };
        return {.primitive = dnnl::matmul({operation, attributes, engine_}),
                .a = window(a),
                .b = window(b),
                .bias = window(bias),
                .c = window(c)};
    }

    dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream_{engine_};
    std::map<Key, Product> products_;
};

std::string version() {
    const dnnl_version_t& number = *dnnl::version();
    return std::to_string(number.major) + "." + std::to_string(number.minor) + "." + std::to_string(number.patch);
}

std::string instruction_set() {
    switch (dnnl::get_effective_cpu_isa()) {
        case dnnl::cpu_isa::sse41: return "SSE4.1";
        case dnnl::cpu_isa::avx: return "AVX";
        case dnnl::cpu_isa::avx2: return "AVX2";
        case dnnl::cpu_isa::avx512_core: return "AVX-512";
        case dnnl::cpu_isa::avx512_core_vnni: return "AVX-512 VNNI";
        case dnnl::cpu_isa::avx512_core_bf16: return "AVX-512 BF16";
        default: return std::to_string(static_cast<int>(dnnl::get_effective_cpu_isa()));
    }
}

std::string runtime_name() {
    switch (OnednnProducts::runtime()) {
        case DNNL_RUNTIME_OMP: return "openmp";
        case DNNL_RUNTIME_SEQ: return "sequential";
        case DNNL_RUNTIME_TBB: return "tbb";
        case DNNL_RUNTIME_THREADPOOL: return "threadpool";
        default: return "unknown";
    }
}

constexpr char kSummary[] = "oneDNN products in f32, a batch of heads as one; vectorised softmax";

}  // namespace

BackendInfo onednn() {
    if (runtime_name() != "openmp" && runtime_name() != "sequential") {
        return {.summary = kSummary,
                .own = attend_options().fields(),
                .missing = "this oneDNN runs its threads by " + runtime_name() +
                           ", whose number the backend cannot set; install one over OpenMP (" HEADCOUNT_PACKAGES ")"};
    }
    return {.summary = kSummary,
            .own = attend_options().fields(),
            .missing = "",
            .unsupported = [](const Point& point) -> std::string {
                return point.problem.dtype == DType::f32 ? "" : "onednn computes f32; blas and naive compute f64 too";
            },
            .make = [](const Execution& execution) -> std::unique_ptr<Backend> {
                return std::make_unique<OnednnBackend>(execution);
            },
            .facts = []() -> std::vector<std::pair<std::string, std::string>> {
                return {{"version", version()},
                        {"cpu_isa", instruction_set()},
                        {"runtime", runtime_name()},
                        {"file", file_of(reinterpret_cast<const void*>(&dnnl_sgemm))},
                        {"softmax.vectors", vector_math::target_name()}};
            }};
}

}  // namespace headcount::backends

#else

namespace headcount::backends {

BackendInfo onednn() {
    return {.summary = "oneDNN products in f32",
            .own = attend_options().fields(),
            .missing = "oneDNN 2 was not found at configure time; install " HEADCOUNT_PACKAGES " and configure again"};
}

}  // namespace headcount::backends

#endif
