// Pairing by round: the one place that says which samples of several points may be put side by side.
//
// A round visits each point of a comparison group once. What slows the machine for longer than a visit slows the whole
// round, so numbers are compared within a round.
// - A round is in when every point was visited in it. Rounds are the same when group, stratum and number are.
// - A round that lacks one of the points (the run was cut off, a point dropped out) is left out, for all of them.
// - A disturbed round is in. It bears a mark (RoundMarks); leaving out what came out slow would bias the result.
// - A point that failed has no rounds: what it took before is no result.
// - Of two samples of one point in one round the first counts.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "harness/analysis/records/record_set.hpp"

namespace headcount {

struct RoundValue {
    RoundKey key;
    double value = 0;
};

/// One number of each sample, in the order of the rounds; whether the point failed is not asked.
std::vector<RoundValue> by_round(const Entry& entry, double Sample::*number = &Sample::wall_s);

/// What each training of a point said under this name ("test_error"); those that said no number are left out.
std::vector<RoundValue> result_by_round(const Entry& entry, std::string_view name);

struct SharedRounds {
    std::vector<std::vector<double>> complete;  ///< [round][point]: every point was visited
    std::size_t partial = 0;                    ///< rounds that lack a point
};
SharedRounds shared_rounds(const std::vector<std::vector<RoundValue>>& points);
/// Of their wall seconds.
SharedRounds shared_rounds(const std::vector<const Entry*>& points);

/// The rounds that two points share, one number of each; both empty when they share none.
struct PairedRounds {
    std::vector<double> value, base;
};
PairedRounds paired_rounds(const std::vector<RoundValue>& value, const std::vector<RoundValue>& base);
/// Of their wall seconds.
PairedRounds paired_rounds(const Entry& value, const Entry& base);

}  // namespace headcount
