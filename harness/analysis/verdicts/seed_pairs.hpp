// A journal of A/A comparisons read for people: noise, autocorrelation, and what could be told in how much time.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "harness/analysis/records/record_set.hpp"
#include "harness/analysis/table/table.hpp"
#include "harness/stats/interval.hpp"

namespace headcount {

/// What `rounds` rounds of a comparison like this one would tell.
struct Resolvable {
    int rounds = 0;
    double seconds = 0;  ///< those rounds take, warm iterations included
    double margin = 0;   ///< resolvable_margin() of stats at 80 % power; infinite where there is no interval
};

/// One pair of points that differ in their seed alone and were timed in the same rounds.
struct SeedPair {
    std::string point;    ///< the first of the two
    double sample_s = 0;  ///< median of a visit's timed part: iterations times the time of one
    double time_s = 0;    ///< median of one iteration
    std::size_t rounds = 0;
    std::string stopped_because;
    Interval ratio;    ///< second over first, 95 %
    double noise = 0;  ///< of one visit, relative
    double lag1 = 0;   ///< autocorrelation of the log ratios
    bool autocorrelated = false;
    std::vector<Resolvable> resolvable;

    /// The interval excludes 1: the machine takes the same for different.
    bool different() const { return ratio.bounded() && !ratio.contains(1); }
};

/// In the order of the journal's parts. `at_rounds`: for which numbers of rounds to say what could be told.
std::vector<SeedPair> seed_pairs(const RecordSet& records, const std::vector<int>& at_rounds = {10, 20, 40, 80});

/// One row a pair: point, time, visit, rounds, ratio, interval, verdict, noise, lag-1.
Table seed_pair_table(const std::vector<SeedPair>& summaries);
/// One row a pair, one column a number of rounds: "1.9 % in 0.4 s".
Table resolvable_table(const std::vector<SeedPair>& summaries);

}  // namespace headcount
