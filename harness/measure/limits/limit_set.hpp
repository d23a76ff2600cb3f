// How much of the machine's limits is measured.
#pragma once

#include <cstdint>

namespace headcount {

/// `peak`: fma_gflops.f32 alone, in one window of 3 ms: what a clock that changes within a run changes. `bounds`: what
/// predicted bounds rest on, measured at the beginning of every run. `all`: streams and products too.
enum class LimitSet : std::uint8_t { peak, bounds, all };

}  // namespace headcount
