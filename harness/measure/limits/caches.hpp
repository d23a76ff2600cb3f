// The data caches that a number of threads reaches.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/core/machine.hpp"

namespace headcount::limits {

struct Cache {
    std::string name;        ///< "L1", "L2", "L3"
    std::int64_t bytes = 0;  ///< of all the caches of this level that so many threads can use
    std::int64_t share = 0;  ///< of one thread when all of them use theirs
};

/// Nearest first. The threads may run on any of `processors`: each may have a cache of its own as long as there are so
/// many. A level that is no larger than the one before it is left out: an exhausted listing, no cache. So is one of
/// unknown size or sharing.
std::vector<Cache> caches_of(const std::vector<ListedCache>& listed, int processors, int threads);
/// Those of this machine.
std::vector<Cache> caches(int threads);

}  // namespace headcount::limits
