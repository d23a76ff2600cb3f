// How much of the machine's limits is measured.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace headcount {

/// `peak`: fma_gflops.f32 alone, in one window of 3 ms: what a clock that changes within a run changes. `bounds`: what
/// predicted bounds rest on, measured at the beginning of every run. `all`: streams and products too.
enum class LimitSet : std::uint8_t { peak, bounds, all };

constexpr std::array<LimitSet, 3> values_of(LimitSet /*type*/) {
    return {LimitSet::peak, LimitSet::bounds, LimitSet::all};
}
constexpr std::string_view to_string(LimitSet which) {
    switch (which) {
        case LimitSet::peak: return "peak";
        case LimitSet::bounds: return "bounds";
        case LimitSet::all: return "all";
    }
    return "";
}

}  // namespace headcount
