// Adds AVX-512 BF16 to the instruction set that this pass over a file compiles for: Highway 1.0.3 has no target with
// it. No include guard: to be included after highway.h in every pass. Only what asks the processor first may use it.
#undef HEADCOUNT_SIMD_PAIRS
#if HWY_TARGET == HWY_AVX3_DL
#define HEADCOUNT_SIMD_PAIRS
#undef HWY_TARGET_STR
#define HWY_TARGET_STR \
    HWY_TARGET_STR_AVX3 ",vpclmulqdq,avx512vbmi,avx512vbmi2,vaes,avxvnni,avx512bitalg,avx512vpopcntdq,avx512bf16"
#elif HWY_TARGET == HWY_AVX3
#define HEADCOUNT_SIMD_PAIRS
#undef HWY_TARGET_STR
#define HWY_TARGET_STR HWY_TARGET_STR_AVX3 ",avx512bf16"
#endif
