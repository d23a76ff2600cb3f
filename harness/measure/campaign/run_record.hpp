// The first line of a journal: what is asked, how, and on which machine.
#pragma once

#include <map>
#include <string>

#include "harness/journal/record.hpp"

namespace headcount {

/// Everything but the limits. run is a hash of config, protocol (protocol_identity.hpp), machine and build: what must
/// be equal for two sets of rounds to be one run.
RunRecord make_run_record(const Sweep& sweep, const std::map<std::string, std::string>& environment);

/// "budget_s was 1.0, is 600.0": the fields in which two protocols differ; empty when in none.
std::string differing_protocol(const Protocol& before, const Protocol& now);

/// What keeps `now` from going on with `before`, in words; empty when nothing does.
std::string difference(const RunRecord& before, const RunRecord& now);

}  // namespace headcount
