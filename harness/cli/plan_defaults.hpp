// What a config leaves open and the program fills in.
#pragma once

#include <string>

#include "harness/core/sweep.hpp"

namespace headcount {

/// "batch=1, dtype=f32, scope=layer (in 3 of 9 parts), num_kv_heads from num_heads": fields that no axis, fixed value
/// or include of a part sets; "" where there is none.
std::string fields_by_default(const Sweep& sweep);

/// "cold_cache=false, min_sample_s=0.002": settings that neither the config nor an option gives.
std::string protocol_by_default(const Sweep& sweep);

}  // namespace headcount
