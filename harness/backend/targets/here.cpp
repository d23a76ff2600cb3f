// Run while CMake configures: prints this machine's best set for x86 in Highway's numbers, and after a semicolon those
// that need not be compiled for it, `A|B`: the ones between its best and SSE4, and those that it has not.
#include <cstdint>
#include <cstdio>

#include <hwy/targets.h>

int main() {
    const std::int64_t supported = hwy::SupportedTargets();
    const std::int64_t best = supported & -supported;  // a lower bit is a better set
    std::printf("%lldLL;HWY_SSSE3", static_cast<long long>(best));
    for (const std::int64_t target : {HWY_AVX2, HWY_AVX3, HWY_AVX3_DL}) {
        if (target != best) std::printf("|%lldLL", static_cast<long long>(target));
    }
    return 0;
}
