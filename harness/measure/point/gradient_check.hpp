// Are the derivatives right? Along random directions, against the definition differentiated in float64.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/journal/record.hpp"
#include "harness/judge/definition.hpp"
#include "harness/measure/point/inputs.hpp"

namespace headcount {

/// What sum(factors * outputs of some rows) does when one input, or all weights together, move along a direction.
struct GradientReference {
    std::vector<judge::Row> rows;
    std::vector<double> factors;           ///< the derivatives by these rows' outputs; those of all others are 0
    std::map<std::string, double> slopes;  ///< by name of the input, "weights" for all of them
};

/// Each direction is +1 or -1 at each element, by the point's seed. A derivative that is wrong in one row of many
/// changes the sum over all elements by far more than rounding does.
GradientReference gradient_reference(const PointData& data, judge::Question question);

/// Runs the backward pass, from derivatives that were all NaN. max_error, bound and worst speak of the direction whose
/// error is largest in units of its bound. The bound is a statistical one: rounding of `terms` terms each moves a
/// derivative by about unit * sqrt(terms) of its size, here 16 times that is allowed.
CheckRecord check_gradients(PointData& data, const GradientReference& reference);

}  // namespace headcount
