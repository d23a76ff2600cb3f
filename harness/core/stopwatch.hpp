// Seconds by the steady clock: one way to read it.
#pragma once

#include <chrono>

namespace headcount {

/// Since some moment that stays the same while this process lives.
inline double steady_s() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace headcount
