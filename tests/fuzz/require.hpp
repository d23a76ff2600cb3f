// What a fuzz target does when a promise is broken.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace headcount::fuzz {

inline void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
}

}  // namespace headcount::fuzz
