// The claims about models that we train and prune, and how each is decided.
#pragma once

#include <vector>

#include "harness/analysis/heads/pruning_findings.hpp"

namespace headcount {

/// An error that a head may be worth and still be called removable: a hundredth of the targets' variance, or of a bit.
inline constexpr double kRemovableError = 0.01;
/// How much more than the pruned model one that was trained at its size may err and still do as well.
inline constexpr double kAsWell = 1.02;

/// Verdicts on those claims whose part of the study is complete.
std::vector<HeadVerdict> judge_pruning(const PruningFindings& findings);

}  // namespace headcount
