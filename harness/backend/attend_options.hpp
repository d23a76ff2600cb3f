// The options of backends whose fused core lets one choose its blocks.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/core/options.hpp"

namespace headcount {

struct AttendOptions {
    std::int64_t key_block = 0;
};

inline const Options<AttendOptions>& attend_options() {
    static const Options<AttendOptions> options{
        {"key_block", &AttendOptions::key_block, 0, kLargestExtent,
         "keys that a fused core takes at a time; 0: what the backend chooses for this machine"}};
    return options;
}

}  // namespace headcount
