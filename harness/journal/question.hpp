// Do two runs ask the same question in the same way?
#pragma once

#include <string>

#include "harness/journal/record.hpp"

namespace headcount {

/// What differs in points, claims, seed or protocol, in words; "" when nothing does: then their rounds may stand in one
/// result. Wording, paths, machine and shard do not count.
std::string question_difference(const std::string& name, const RunRecord& one, const std::string& other_name,
                                const RunRecord& other);

}  // namespace headcount
