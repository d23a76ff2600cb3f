// The claims about the heads of one trained model, each with its margin.
#pragma once

#include <vector>

#include "harness/analysis/heads/findings.hpp"

namespace headcount {

/// Of recall at 1: what a head may cost and still be called removable.
inline constexpr double kRemovableLoss = 0.01;

/// R14.removable  at least half of the heads can be masked, one at a time, at a cost below kRemovableLoss
/// R14.different  in every layer the heads' attention differs more than before training
/// R14.effective  in every layer the outputs of the heads are as different as those of half as many unlike ones
/// A claim whose part of the study is not complete is left out.
std::vector<HeadVerdict> judge_heads(const HeadFindings& findings);

}  // namespace headcount
