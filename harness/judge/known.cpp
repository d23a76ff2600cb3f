#include "harness/judge/known.hpp"

#include <limits>

namespace headcount::judge {

Rounding rounding_of(DType dtype) {
    const bool single = accumulator_of(dtype) == DType::f32;
    // The judge rounds too: 2^-53.
    return {
        .unit = (single ? 0x1p-24 : 0x1p-53) + 0x1p-53,
        .storage = dtype == DType::bf16 ? 0x1p-8 : 0,
        .tiny = single ? static_cast<double>(std::numeric_limits<float>::min()) : std::numeric_limits<double>::min()};
}

}  // namespace headcount::judge
