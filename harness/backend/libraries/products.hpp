// What a library of products has to say to be a backend.
#pragma once

#include "harness/backend/verbs/matrix.hpp"

namespace headcount {

class ProductLibrary {
public:
    ProductLibrary() = default;
    ProductLibrary(const ProductLibrary&) = delete;
    ProductLibrary& operator=(const ProductLibrary&) = delete;
    virtual ~ProductLibrary() = default;

    /// c = alpha * a @ b + beta * c, beta 0 or 1. False, with c untouched, when a layout, a size or the scalar is not
    /// the library's.
    virtual bool multiply(float alpha, const Matrix<float>& a, const Matrix<float>& b, float beta,
                          const Matrix<float>& c) const = 0;
    virtual bool multiply(double alpha, const Matrix<double>& a, const Matrix<double>& b, double beta,
                          const Matrix<double>& c) const = 0;

    /// Whether give_threads() can make one product run on several threads.
    virtual bool threads_inside() const = 0;
    /// The number of threads that products called from this thread take from now on.
    virtual void give_threads(int count) const = 0;
};

}  // namespace headcount
