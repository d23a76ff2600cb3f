// How far an output is from the definition's.
#pragma once

#include <cstdint>
#include <string>

#include "harness/core/tensor.hpp"
#include "harness/judge/definition.hpp"

namespace headcount::judge {

/// Speaks of the element whose error is largest in units of its bound. A non-finite output anywhere is infinitely
/// wrong, and no row is compared then.
struct Difference {
    std::int64_t rows_compared = 0;
    double error = 0;
    double bound = 0;
    std::string worst;  ///< where it is
};

Difference difference(const Tensor& out, const ReferenceRows& reference);

}  // namespace headcount::judge
