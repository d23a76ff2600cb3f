// The definition that most variants share.
#pragma once

#include "harness/judge/definition.hpp"

namespace headcount::judge {

/// out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim)) V_h ) W_O, in core scope without projections.
Definition attention();

}  // namespace headcount::judge
