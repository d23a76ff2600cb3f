// How alike the heads of a model are: where they look, what they put out, what they can write.
#pragma once

#include <vector>

#include "harness/journal/head_study.hpp"
#include "harness/pretrained/runner.hpp"

namespace headcount {

/// Of some texts. The runner's variant has to keep its weights in memory (softmax_rows). Throws UsageError when it does
/// not.
HeadDiversityRecord diversity_of(EncoderRunner& runner, const std::vector<const TokenIds*>& texts);

}  // namespace headcount
