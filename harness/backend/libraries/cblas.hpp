// A library with the CBLAS interface, loaded privately, so that several stand beside each other in one program.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "harness/backend/backend.hpp"
#include "harness/backend/libraries/products.hpp"
#include "harness/backend/libraries/shared_library.hpp"

namespace headcount {

/// What a library calls the number of threads that its products take. Empty functions: it has no such thing.
struct ThreadControl {
    std::string name;  ///< "openblas_set_num_threads"
    std::function<void(int)> set;
    std::function<int()> get;
};

/// cblas_sgemm and cblas_dgemm with 32-bit integers (LP64) of the library at a path.
class CblasLibrary final : public ProductLibrary {
public:
    /// Loads it. missing() says why it cannot be used, and is empty when it can.
    explicit CblasLibrary(const std::string& path);

    const std::string& missing() const { return missing_; }
    /// The file that its cblas_sgemm is in: which library runs, whatever links lead to it.
    std::string file() const { return file_of(reinterpret_cast<const void*>(sgemm_)); }
    const SharedLibrary& symbols() const { return library_; }
    const ThreadControl& control() const { return control_; }

    bool multiply(float alpha, const Matrix<float>& a, const Matrix<float>& b, float beta,
                  const Matrix<float>& c) const override;
    bool multiply(double alpha, const Matrix<double>& a, const Matrix<double>& b, double beta,
                  const Matrix<double>& c) const override;
    bool threads_inside() const override { return control_.set != nullptr; }
    void give_threads(int count) const override;

private:
    template <class T>
    using Gemm = void(int order, int a_form, int b_form, int m, int n, int k, T alpha, const T* a, int lda, const T* b,
                      int ldb, T beta, T* c, int ldc);

    template <class T>
    static bool try_gemm(Gemm<T>* gemm, T alpha, const Matrix<T>& a, const Matrix<T>& b, T beta, const Matrix<T>& c);

    SharedLibrary library_;
    std::string missing_;
    Gemm<float>* sgemm_ = nullptr;
    Gemm<double>* dgemm_ = nullptr;
    ThreadControl control_;
};

/// The backend `name` of a CBLAS: `facts` are added to where it lies and how its threads are set.
std::unique_ptr<Backend> make_cblas_backend(const CblasLibrary& library, const Execution& execution);
std::vector<std::pair<std::string, std::string>> cblas_facts(const CblasLibrary& library);
/// Why such a backend cannot run this point; empty when it can.
std::string cblas_unsupported(const std::string& name, const Point& point);

}  // namespace headcount
