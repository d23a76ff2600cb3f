// The points of one combination judged, then all combinations of a claim decided together.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/claims/claim_scope.hpp"
#include "harness/analysis/verdicts/resolution.hpp"
#include "harness/analysis/verdicts/verdict.hpp"

namespace headcount {

/// One combination on its way to a verdict.
struct Judged {
    Verdict verdict;
    std::vector<Test> tests;
    bool failed = false;        ///< a point failed: cannot be supported
    bool only_skipped = false;  ///< nothing to compare, and points skipped with a reason are why
};

/// What every verdict of the claim says, its finding still open.
Verdict blank_verdict(const ClaimScope& claim);

/// Judges the points of one combination, all but the correction for the claim's other tests.
Judged judge(const ClaimScope& claim, const std::vector<const Entry*>& entries);

/// Holm's correction over all tests of the claim, then the status of each combination; what the run cannot resolve is
/// not supported.
void decide(std::vector<Judged>& all, const Resolution& resolution);

/// Appends to the verdict's reason; "" adds nothing.
void add_reason(Verdict& verdict, const std::string& reason);

/// "a; b; c; and 9 more": a sweep may lose hundreds of points for one reason.
std::string naming(const std::vector<std::string>& points);

}  // namespace headcount
