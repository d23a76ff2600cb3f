// The element types a tensor may carry, as a run-time tag.
#pragma once

#include <cstdint>
#include <string_view>

namespace headcount {

/// `counted` is a double that counts every operation made with it (see naive_kernels.hpp).
enum class DType : std::uint8_t { f32, f64, counted };

constexpr std::int64_t size_in_bytes(DType dtype) {
    switch (dtype) {
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
    }
    return "";
}

}  // namespace headcount
