// The three functions of libhwy that our kernels call, for a program with one instruction set: nothing is chosen.
#include <hwy/highway.h>

static_assert((HWY_TARGETS & (HWY_TARGETS - 1)) == 0, "with more than one instruction set, link libhwy");

namespace hwy {

int64_t SupportedTargets() { return HWY_TARGETS; }
void SetSupportedTargetsForTest(int64_t /*targets*/) {}
ChosenTarget& GetChosenTarget() {
    static ChosenTarget chosen;
    return chosen;
}

}  // namespace hwy
