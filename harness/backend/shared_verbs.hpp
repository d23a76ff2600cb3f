// What files that run verbs in vectors have in common.
#pragma once

#include "harness/backend/verbs/verb.hpp"
#include "harness/core/parallel.hpp"
#include "harness/core/tensor.hpp"

namespace headcount {

/// Elements of a row are neighbours.
inline bool adjacent(const Tensor& t) { return t.stride[4] == 1 || t.cols() == 1; }

/// f(T{}, operands) where the verb is a V that writes a type that vectors are written for; false for anything else.
template <class V, class F>
bool shares(const Verb& verb, const Tensor V::*written, const F& f) {
    const V* const operands = verb.as<V>();
    if (operands == nullptr) return false;
    const DType dtype = (operands->*written).dtype;
    if (dtype == DType::f32) f(float{}, *operands);
    if (dtype == DType::f64) f(double{}, *operands);
    return dtype == DType::f32 || dtype == DType::f64;
}

/// The part of share_verb_of_rows() (shared_rows.hpp) that models need around their attention.
bool share_verb_of_models(ThreadPool& pool, const Verb& verb);

}  // namespace headcount
