// Under which conditions a result came about: is it complete, and who else used the machine.
#pragma once

#include <string>

#include "harness/analysis/records/record_set.hpp"

namespace headcount {

/// "unfinished: 3 of 40 points have no record yet. To go on: headcount run ...", one line; empty when all are there.
std::string unfinished_text(const RecordSet& records);

/// How many of the samples were taken beside foreign load, met an involuntary switch or a page fault, or after the
/// machine's settings had been changed; one line, empty without samples. What is unknown is said, not taken for none.
std::string disturbance_text(const RecordSet& records);

}  // namespace headcount
