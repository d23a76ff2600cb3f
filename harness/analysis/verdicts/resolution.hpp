// What a run could tell apart, and which claims ask for more.
#pragma once

#include <string>

#include "harness/analysis/claims/claim.hpp"
#include "harness/journal/record.hpp"
#include "harness/stats/paired.hpp"

namespace headcount {

/// What limits the claims of a run.
struct Resolution {
    double margin = 0;   ///< the smallest at which the run's own A/A comparison is the same; 0: it took none
    int max_rounds = 0;  ///< of its protocol
};

/// A merged file has the resolution of its noisiest source.
Resolution resolution_of(const RunRecord& run);

/// Why this test could not support its claim, however its rounds came out; "" when it could. Two cases:
/// - a margin to either side of 1 that is smaller than the run's A/A comparison shows the machine to tell, or than
///   half the interval that this test would have after max_rounds at its noise;
/// - a bound to one side, to which the estimate lies nearer than the A/A comparison tells.
/// An A/A comparison speaks of times. What is no time, such as errors of trained models, is not held to it.
/// Exponents and tests without an interval are not judged here.
std::string below_resolution(const Test& test, const Resolution& resolution);

/// Does what refutes the claim lie nearer to the claim's range than the A/A comparison tells?
bool refuted_below_resolution(const Test& test, const Resolution& resolution);

/// The A/A comparison as a ratio.
PairedRatio ratio_of(const SelfComparison& comparison);

/// For people, one line for each A/A comparison of the run and its sources; "" where there is none.
std::string resolution_text(const RunRecord& run);

}  // namespace headcount
