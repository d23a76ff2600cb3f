// How time grows with the sequence length: the slope on logarithmic axes of points that differ in length alone.
#pragma once

#include <cstddef>
#include <vector>

#include "harness/analysis/records/record_set.hpp"
#include "harness/stats/interval.hpp"

namespace headcount {

struct Exponent {
    const Entry* shortest = nullptr;  ///< the point of the series with the fewest keys
    std::size_t lengths = 0;
    bool paired = false;    ///< all points share rounds: one slope a round; else from their centres
    Interval slope{};       ///< least squares through the logarithms of time over those of kv_len
    Interval of_medians{};  ///< the same through medians, with rank intervals, which assume nothing of the noise
    double first_step = 0, last_step = 0;  ///< slopes between the medians at either end: they differ where it bends
};

/// Every series of three lengths or more that was timed, in the order of the config. With q_len = kv_len both vary;
/// otherwise kv_len does.
std::vector<Exponent> exponents(const RecordSet& records);

}  // namespace headcount
