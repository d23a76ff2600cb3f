// Which cores a worker runs on when it is to stay where it is.
#pragma once

#include <string>
#include <vector>

#include <sched.h>

namespace headcount {

struct Pinning {
    std::vector<int> cpus;  ///< one processor of each chosen core; empty: not pinned
    std::string says;       ///< "2 of 2 cores: processors 0 1 (hwloc) ...", or "unavailable: why"

    /// As many of them as there are threads; all when there are fewer.
    std::vector<int> first(int threads) const;
};

/// `count` physical cores that this process may use, one hardware thread of each, so that the threads of a point never
/// share a core; all cores when there are fewer.
Pinning choose_cores(int count);

/// For the life of the object this thread, and what it starts, runs on these processors only; none: as before.
class PinnedHere {
public:
    explicit PinnedHere(const std::vector<int>& cpus);
    ~PinnedHere();
    PinnedHere(const PinnedHere&) = delete;
    PinnedHere& operator=(const PinnedHere&) = delete;

private:
    cpu_set_t before_{};
    bool pinned_ = false;
};

}  // namespace headcount
