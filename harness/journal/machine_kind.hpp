// Which facts of a machine must agree before measurements are put together: the one list for going on and for merging.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace headcount {

using Environment = std::map<std::string, std::string>;

/// A fact in which two environments differ.
struct DifferingFact {
    std::string name, before, now;  ///< "absent" where it is not there
};

/// What makes two machines, their programs and their libraries different kinds: rounds of one group may be pooled where
/// this is empty. A library or engine that one of them lacks makes no difference, because nothing was measured with it
/// there.
std::vector<DifferingFact> differing_kind(const Environment& before, const Environment& now);

/// And what makes it another place to measure on: a run goes on only where this is empty.
std::vector<DifferingFact> differing_machine(const Environment& before, const Environment& now);

/// Facts by which a run is named: those of differing_machine.
Environment identity(const Environment& environment);

/// What `now` has that `before` lacked: the facts of libraries and engines that were installed in between.
Environment installed_since(const Environment& before, const Environment& now);

}  // namespace headcount
