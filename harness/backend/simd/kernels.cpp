#include "harness/backend/simd/kernels.hpp"

#include <algorithm>

// Highway compiles this file once for every instruction set and picks one when the program runs.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/backend/simd/kernels.cpp"
// clang-format off
#include "harness/backend/targets.hpp"
#include "harness/backend/simd/lanes-inl.hpp"
#include "harness/backend/simd/stream-inl.hpp"
#include "harness/backend/simd/product-inl.hpp"
#include "harness/backend/simd/decode-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace headcount::simd::HWY_NAMESPACE {

const char* TargetName() { return hwy::TargetName(HWY_TARGET); }
std::int64_t Lanes() { return FloatLanes::kLanes; }
std::int64_t TileRows() { return FloatLanes::kTileRows; }
void StreamRows(const StreamBlock<float>& block) { stream_rows<FloatLanes>(block); }
void MultiplyPanel(const Product<float>& product, std::int64_t first_col, std::int64_t cols) {
    multiply_panel<FloatLanes>(product, first_col, cols);
}
void DecodeKeys(const DecodePart<float>& part) { Decode<FloatLanes>(part).run(); }
void DecodeMerge(const DecodePart<float>& part, const DecodePart<float>& other) {
    Decode<FloatLanes>(part).merge(Decode<FloatLanes>(other));
}
void DecodeWrite(const DecodePart<float>& part) { Decode<FloatLanes>(part).write(); }
void Exp2All(float* x, std::int64_t count) {
    std::int64_t i = 0;
    for (; i + FloatLanes::kLanes <= count; i += FloatLanes::kLanes) {
        FloatLanes::store(FloatLanes::exp2(FloatLanes::load(x + i)), x + i);
    }
    float rest[FloatLanes::kLanes] = {};
    std::copy(x + i, x + count, rest);
    FloatLanes::store(FloatLanes::exp2(FloatLanes::load(rest)), rest);
    std::copy_n(rest, count - i, x + i);
}

}  // namespace headcount::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace headcount::simd {

HWY_EXPORT(TargetName);
HWY_EXPORT(Lanes);
HWY_EXPORT(TileRows);
HWY_EXPORT(StreamRows);
HWY_EXPORT(MultiplyPanel);
HWY_EXPORT(DecodeKeys);
HWY_EXPORT(DecodeMerge);
HWY_EXPORT(DecodeWrite);
HWY_EXPORT(Exp2All);

std::int64_t lanes() { return HWY_DYNAMIC_DISPATCH(Lanes)(); }
std::int64_t tile_rows() { return HWY_DYNAMIC_DISPATCH(TileRows)(); }
std::string target_name() { return HWY_DYNAMIC_DISPATCH(TargetName)(); }
void stream_rows(const StreamBlock<float>& block) { HWY_DYNAMIC_DISPATCH(StreamRows)(block); }
void multiply_panel(const Product<float>& product, std::int64_t first_col, std::int64_t cols) {
    HWY_DYNAMIC_DISPATCH(MultiplyPanel)(product, first_col, cols);
}
void decode_keys(const DecodePart<float>& part) { HWY_DYNAMIC_DISPATCH(DecodeKeys)(part); }
void decode_merge(const DecodePart<float>& part, const DecodePart<float>& other) {
    HWY_DYNAMIC_DISPATCH(DecodeMerge)(part, other);
}
void decode_write(const DecodePart<float>& part) { HWY_DYNAMIC_DISPATCH(DecodeWrite)(part); }
void exp2_all(float* x, std::int64_t count) { HWY_DYNAMIC_DISPATCH(Exp2All)(x, count); }

}  // namespace headcount::simd
#endif
