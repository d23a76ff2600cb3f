// Points that ran more threads than the machine had processors for them: every table marks them.
#pragma once

#include <map>
#include <string>

#include "harness/analysis/records/record_set.hpp"

namespace headcount {

/// How many threads could run at a time where this environment was read; journals from before that was kept have the
/// processors of the affinity. 0: not known.
int processors_of(const std::map<std::string, std::string>& environment);

/// "oversubscribed: 8 threads on 2 processors"; "" for a point without samples, or whose threads had a processor each.
std::string oversubscription(const Entry& entry);

/// A line for below a table; "" where no point is oversubscribed.
std::string oversubscription_note(const RecordSet& records);

}  // namespace headcount
