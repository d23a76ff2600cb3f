// Run while CMake configures: prints Highway's sets for x86 that need not be compiled for this machine, `A|B`, those
// between its best one and SSE4, and those that it has not.
#include <cstdint>
#include <cstdio>

#include <hwy/targets.h>

int main() {
    const std::int64_t supported = hwy::SupportedTargets();
    const std::int64_t best = supported & -supported;  // a lower bit is a better set
    std::printf("HWY_SSSE3");
    for (const std::int64_t target : {HWY_AVX2, HWY_AVX3, HWY_AVX3_DL}) {
        if (target != best) std::printf("|%lldLL", static_cast<long long>(target));
    }
    return 0;
}
