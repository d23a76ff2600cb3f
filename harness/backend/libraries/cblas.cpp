#include "harness/backend/libraries/cblas.hpp"

#include <cstdint>
#include <limits>

#include "harness/backend/libraries/gemm_form.hpp"
#include "harness/backend/libraries/library_backend.hpp"
#include "harness/backend/vector_math.hpp"

namespace headcount {
namespace {

// The interface is the same in every CBLAS; no header of one is needed.
constexpr int kRowMajor = 101, kNoTranspose = 111, kTranspose = 112;

/// A pair of functions with a number type of the library's own.
template <class Set, class Get>
ThreadControl control_by(const SharedLibrary& library, const char* set_name, const char* get_name) {
    auto* const set = library.function<Set>(set_name);
    auto* const get = library.function<Get>(get_name);
    if (set == nullptr || get == nullptr) return {};
    return {
        .name = set_name, .set = [set](int count) { set(count); }, .get = [get] { return static_cast<int>(get()); }};
}

ThreadControl control_of(const SharedLibrary& library) {
    using Int = void(int);
    using Wide = void(std::int64_t);
    ThreadControl control = control_by<Int, int()>(library, "openblas_set_num_threads", "openblas_get_num_threads");
    if (!control.set) {
        control = control_by<Wide, std::int64_t()>(library, "bli_thread_set_num_threads", "bli_thread_get_num_threads");
    }
    if (!control.set) control = control_by<Int, int()>(library, "MKL_Set_Num_Threads", "MKL_Get_Max_Threads");
    // A library over OpenMP without a name of its own: the runtime that it brings.
    if (!control.set) control = control_by<Int, int()>(library, "omp_set_num_threads", "omp_get_max_threads");
    return control;
}

}  // namespace

CblasLibrary::CblasLibrary(const std::string& path)
    : library_(path),
      missing_(library_.failure()),
      sgemm_(library_.function<Gemm<float>>("cblas_sgemm")),
      dgemm_(library_.function<Gemm<double>>("cblas_dgemm")),
      control_(control_of(library_)) {
    if (!missing_.empty()) return;
    if (sgemm_ == nullptr || dgemm_ == nullptr) {
        missing_ = path + " has no cblas_sgemm and cblas_dgemm; name a library with the CBLAS interface";
        return;
    }
    for (const char* name : {"cblas_sgemm", "cblas_dgemm", "sgemm_", "dgemm_"}) {
        const std::string other = file_of(program_wide_address(name));
        if (other.empty()) continue;
        missing_ = name;
        missing_.append(" of ").append(other).append(" is defined for the whole program, so that ").append(path);
        missing_ += " may call that instead of its own; start without it (LD_PRELOAD?)";
        return;
    }
}

template <class T>
bool CblasLibrary::try_gemm(Gemm<T>* gemm, T alpha, const Matrix<T>& a, const Matrix<T>& b, T beta,
                            const Matrix<T>& c) {
    const std::optional<GemmForms> forms = gemm_forms_of(a, b, c);
    if (!forms || forms->largest > std::numeric_limits<int>::max()) return false;
    const auto fits = [](std::int64_t n) { return static_cast<int>(n); };
    const auto transpose = [](const GemmForm& form) { return form.transposed ? kTranspose : kNoTranspose; };
    gemm(kRowMajor, transpose(forms->a), transpose(forms->b), fits(c.rows), fits(c.cols), fits(a.cols), alpha, a.data,
         fits(forms->a.leading), b.data, fits(forms->b.leading), beta, c.data, fits(forms->c.leading));
    return true;
}

bool CblasLibrary::multiply(float alpha, const Matrix<float>& a, const Matrix<float>& b, float beta,
                            const Matrix<float>& c) const {
    return try_gemm(sgemm_, alpha, a, b, beta, c);
}

bool CblasLibrary::multiply(double alpha, const Matrix<double>& a, const Matrix<double>& b, double beta,
                            const Matrix<double>& c) const {
    return try_gemm(dgemm_, alpha, a, b, beta, c);
}

// Setting costs more than asking. OpenBLAS's own idle threads spin for a while after each product: whoever measures
// sets OPENBLAS_THREAD_TIMEOUT low before the process starts.
void CblasLibrary::give_threads(int count) const {
    if (control_.set && control_.get() != count) control_.set(count);
}

std::unique_ptr<Backend> make_cblas_backend(const CblasLibrary& library, const Execution& execution) {
    return std::make_unique<LibraryBackend>(library, execution);
}

std::vector<std::pair<std::string, std::string>> cblas_facts(const CblasLibrary& library) {
    const ThreadControl& control = library.control();
    return {{"file", library.file()},
            {"threads", control.set ? "by " + control.name : "no control known: split by rows and heads"},
            {"softmax.vectors", vector_math::target_name()}};
}

std::string cblas_unsupported(const std::string& name, const Point& point) {
    if (point.problem.dtype == DType::bf16) return name + " computes f32 and f64; naive computes bf16";
    return point.problem.dtype == DType::counted ? name + " computes f32 and f64; naive counts operations" : "";
}

}  // namespace headcount
