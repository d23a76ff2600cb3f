// The element types a tensor may carry, as a run-time tag.
#pragma once

#include <cstdint>
#include <string_view>

namespace headcount {

/// `bf16` is the upper half of an f32: a storage type, computed with in f32 (bfloat16.hpp).
/// `counted` is a double that counts every operation made with it (counted.hpp).
enum class DType : std::uint8_t { f32, f64, counted, bf16 };

constexpr std::int64_t size_in_bytes(DType dtype) {
    switch (dtype) {
        case DType::bf16: return 2;
        case DType::f32: return 4;
        case DType::f64:
        case DType::counted: return 8;
    }
    return 0;
}

constexpr std::string_view to_string(DType dtype) {
    switch (dtype) {
        case DType::f32: return "f32";
        case DType::f64: return "f64";
        case DType::counted: return "counted";
        case DType::bf16: return "bf16";
    }
    return "";
}

/// What sums, softmax and scratch of a fused core are held in.
constexpr DType accumulator_of(DType dtype) { return dtype == DType::bf16 ? DType::f32 : dtype; }

}  // namespace headcount
