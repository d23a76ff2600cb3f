// The least time that a point's required work takes at the limits that its own run measured. A model, and a lower
// bound: whatever might overlap does, and nothing is moved twice (docs/measurement.md says what is left out).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/records/record_set.hpp"

namespace headcount {

/// Bytes that any implementation reads: inputs and weights, each once; rows of queries that see no key not. Of a cached
/// layer the new rows of x_kv, and for the others what the variant keeps of them. What it writes is not among them:
/// writes may move while reads do.
std::int64_t compulsory_bytes(const Problem& problem, const Count& counted);

struct TimeBound {
    double arithmetic = 0;  ///< s: the products, and the multiply-adds inside the exponentials, at the FMA peak
    double exps = 0;        ///< s: the exponentials alone, at the rate of our own
    double memory = 0;      ///< s: compulsory bytes from where they can lie
    std::string level{};    ///< of memory, the one that takes longest: "L1", "L3", "DRAM"
    std::vector<std::string> left_out{};  ///< parts that it lacks: the run's limits do not say
    std::string missing{};                ///< why there is none at all; "" when there is

    double seconds() const;
    /// "arithmetic", "exp", "memory (L3)"; "" where there is none.
    std::string binding() const;
};

TimeBound time_bound(const Entry& entry);

/// 2 multiplies of the products that the definition needs, which is what a multiply-add peak counts.
double product_flops(const PointRecord& record);

/// How many of the point's samples are faster than its bound; a bound that is one leaves none.
std::size_t samples_below(const TimeBound& bound, const Entry& entry);
/// "3 of 40 samples are faster than the bound: the limits were measured on a disturbed machine"; "" when none is.
std::string broken_bound(const TimeBound& bound, const Entry& entry);

/// Compulsory bytes over time, as a share of the bandwidth that reading from memory reached; negative when unknown.
double bandwidth_share(const Entry& entry, double seconds);

}  // namespace headcount
