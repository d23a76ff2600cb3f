// The kernels of tensors in bf16, chosen when the program runs like those for f32 (kernels.cpp).
#include "harness/backend/simd/kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/backend/simd/kernels_bf16.cpp"
// clang-format off
#include "harness/backend/targets.hpp"
#include "harness/backend/simd/target_bf16.hpp"
#include "harness/backend/simd/bf16_lanes-inl.hpp"
#include "harness/backend/simd/stream-inl.hpp"
#include "harness/backend/simd/decode-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace headcount::simd::HWY_NAMESPACE {

#ifdef HEADCOUNT_SIMD_PAIRS
bool MultipliesPairs() {
    static const bool has_them = __builtin_cpu_supports("avx512bf16") != 0;
    return has_them;
}
void StreamRowsBf16(const StreamBlock<float, BFloat16>& block) {
    if (MultipliesPairs()) {
        stream_rows<PairLanes>(block);
    } else {
        stream_rows<WideLanes>(block);
    }
}
#else
bool MultipliesPairs() { return false; }
void StreamRowsBf16(const StreamBlock<float, BFloat16>& block) { stream_rows<WideLanes>(block); }
#endif
void DecodeKeysBf16(const DecodePart<float, BFloat16>& part) { Decode<WideLanes>(part).run(); }
void DecodeMergeBf16(const DecodePart<float, BFloat16>& part, const DecodePart<float, BFloat16>& other) {
    Decode<WideLanes>(part).merge(Decode<WideLanes>(other));
}
void DecodeWriteBf16(const DecodePart<float, BFloat16>& part) { Decode<WideLanes>(part).write(); }
void RoundAll(const float* from, std::int64_t count, BFloat16* to) {
    std::int64_t i = 0;
    for (; i + WideLanes::kLanes <= count; i += WideLanes::kLanes) WideLanes::store(WideLanes::load(from + i), to + i);
    for (; i < count; ++i) to[i] = BFloat16(from[i]);
}

}  // namespace headcount::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headcount::simd {

HWY_EXPORT(MultipliesPairs);
HWY_EXPORT(StreamRowsBf16);
HWY_EXPORT(DecodeKeysBf16);
HWY_EXPORT(DecodeMergeBf16);
HWY_EXPORT(DecodeWriteBf16);
HWY_EXPORT(RoundAll);

std::int64_t bf16_step() { return HWY_DYNAMIC_DISPATCH(MultipliesPairs)() ? 2 : 1; }
void stream_rows(const StreamBlock<float, BFloat16>& block) { HWY_DYNAMIC_DISPATCH(StreamRowsBf16)(block); }
void decode_keys(const DecodePart<float, BFloat16>& part) { HWY_DYNAMIC_DISPATCH(DecodeKeysBf16)(part); }
void decode_merge(const DecodePart<float, BFloat16>& part, const DecodePart<float, BFloat16>& other) {
    HWY_DYNAMIC_DISPATCH(DecodeMergeBf16)(part, other);
}
void decode_write(const DecodePart<float, BFloat16>& part) { HWY_DYNAMIC_DISPATCH(DecodeWriteBf16)(part); }
void round_all(const float* from, std::int64_t count, BFloat16* to) { HWY_DYNAMIC_DISPATCH(RoundAll)(from, count, to); }

}  // namespace headcount::simd
#endif
