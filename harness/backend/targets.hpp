// Compiles the file that includes this once for every instruction set. The file says its own name in
// HWY_TARGET_INCLUDE first, and includes after this what is compiled for every target. No include guard: Highway's
// headers have guards of their own, one of them for each target.

// Highway 1.0.3 forgets AVX3_DL when -march=native makes it the baseline, and then refuses to compile. Asking for it
// does no harm elsewhere.
#define HWY_WANT_AVX3_DL
#include <hwy/foreach_target.h>
// clang-format off: foreach_target.h says for which target this one is
#include <hwy/highway.h>
// clang-format on

#ifndef HWY_DISABLED_TARGETS
#error "name this file in a headcount_..._sources() of CMakeLists.txt: its instruction sets are chosen there"
#endif
