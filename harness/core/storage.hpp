// From the tag of an element type to its C++ type: the only place that lists them.
#pragma once

#include <string>
#include <type_traits>

#include "harness/core/bfloat16.hpp"
#include "harness/core/counted.hpp"
#include "harness/core/dtype.hpp"
#include "harness/core/error.hpp"

namespace headcount {

/// f(value), its value of the C++ type that `dtype` is stored in. Returns what f returns.
template <class F>
decltype(auto) with_storage(DType dtype, F f) {
    switch (dtype) {
        case DType::f32: return f(float{});
        case DType::f64: return f(double{});
        case DType::counted: return f(Counted{});
        case DType::bf16: return f(BFloat16{});
    }
    throw Error("no storage for dtype " + std::to_string(static_cast<int>(dtype)));
}

/// f(value), its value of the C++ type that `dtype` is computed in. Throws Error where that is another (bf16).
template <class F>
void with_scalar(DType dtype, F f) {
    with_storage(dtype, [&](auto scalar) {
        if constexpr (std::is_same_v<decltype(scalar), BFloat16>) {
            throw Error("no kernel for dtype " + std::string(to_string(dtype)));
        } else {
            f(scalar);
        }
    });
}

/// A number as an element is stored, and back.
template <class T>
T stored(double x) {
    return static_cast<T>(x);
}
template <>
inline BFloat16 stored<BFloat16>(double x) {
    return BFloat16(static_cast<float>(x));
}
inline double value_of(float x) { return static_cast<double>(x); }
inline double value_of(double x) { return x; }
inline double value_of(Counted x) { return x.value(); }
inline double value_of(BFloat16 x) { return static_cast<double>(static_cast<float>(x)); }

}  // namespace headcount
