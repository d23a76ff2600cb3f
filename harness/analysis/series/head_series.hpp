// Timed points that differ in their number of heads alone, round by round.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "harness/analysis/records/record_set.hpp"

namespace headcount {

/// One comparison at fixed width: seconds[round][i] is the time of points[i], heads rising.
struct HeadSeries {
    std::string name;                  ///< the point with the fewest heads
    std::vector<const Entry*> points;  ///< into the record set
    std::vector<double> heads;         ///< of each point
    double embed_dim = 0;
    std::vector<std::vector<double>> seconds;  ///< rounds in which every point was visited

    /// One point's seconds, in the order of the rounds.
    std::vector<double> times_of(std::size_t point) const;
};

/// Every series with two or more points and a round in common, in the order of the config.
std::vector<HeadSeries> head_series(const RecordSet& records);

}  // namespace headcount
