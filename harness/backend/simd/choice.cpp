// Which instruction set is used, of all that anything here is compiled for (why AVX3_DL: harness/backend/targets.hpp).
#define HWY_WANT_AVX3_DL
#include <hwy/targets.h>

#include "harness/backend/simd/kernels.hpp"
#include "harness/core/error.hpp"

namespace headcount::simd {

std::vector<std::string> runnable_targets() {
    std::vector<std::string> names;
    for (const int64_t target : hwy::SupportedAndGeneratedTargets()) names.emplace_back(hwy::TargetName(target));
    return names;
}

void force_target(const std::string& name) {
    int64_t mask = 0;
    for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
        if (hwy::TargetName(target) == name) mask = target;
    }
    if (mask == 0 && !name.empty()) throw Error("no kernels for instruction set '" + name + "' run here");
    hwy::SetSupportedTargetsForTest(mask);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace headcount::simd
