// The kernel of attention's derivative, chosen when the program runs like the others (kernels.cpp).
#include "harness/backend/simd/kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/backend/simd/kernels_vjp.cpp"
// clang-format off
#include "harness/backend/targets.hpp"
#include "harness/backend/simd/lanes-inl.hpp"
#include "harness/backend/simd/vjp-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace headcount::simd::HWY_NAMESPACE {

void HeadVjpF32(const HeadVjp<float>& head) { HeadVjpKernel<FloatLanes>(head).run(); }

}  // namespace headcount::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headcount::simd {

HWY_EXPORT(HeadVjpF32);

void head_vjp(const HeadVjp<float>& head) { HWY_DYNAMIC_DISPATCH(HeadVjpF32)(head); }

}  // namespace headcount::simd
#endif
