// Which budget a number of rounds takes.
#pragma once

#include <cstddef>
#include <vector>

#include "harness/measure/forecast/foresee.hpp"

namespace headcount {

/// The protocol, with as little changed as lets every one of these groups take `rounds` rounds by foresee(): max_rounds
/// and target_rel_ci where they would end it sooner, budget_s in steps of a quarter, rounded up to two digits.
/// `groups`: indices into Plan::groups.
Protocol protocol_for_rounds(const Plan& plan, const Protocol& protocol, const std::vector<std::size_t>& groups,
                             int rounds, double scatter, double start_s);

}  // namespace headcount
