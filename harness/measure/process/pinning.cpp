// The machine's cores by hwloc, where it was there at build time.
#include "harness/measure/process/pinning.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#ifdef HEADCOUNT_HAVE_HWLOC
#include <hwloc.h>
#endif

namespace headcount {

#ifdef HEADCOUNT_HAVE_HWLOC
Pinning choose_cores(int count) {
    hwloc_topology_t topology = nullptr;
    if (hwloc_topology_init(&topology) != 0) return {.cpus = {}, .says = "unavailable: hwloc does not start"};
    Pinning pinning;
    if (hwloc_topology_load(topology) != 0) {
        pinning.says = fmt::format("unavailable: hwloc cannot read this machine: {}", std::strerror(errno));
    } else {
        // What this process may use is less than what the machine has: cgroups, and taskset.
        cpu_set_t mine;
        CPU_ZERO(&mine);
        const bool known = sched_getaffinity(0, sizeof mine, &mine) == 0;
        const hwloc_const_cpuset_t allowed = hwloc_topology_get_allowed_cpuset(topology);
        const int cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
        for (int i = 0; i < cores && static_cast<int>(pinning.cpus.size()) < count; ++i) {
            const hwloc_obj_t core = hwloc_get_obj_by_type(topology, HWLOC_OBJ_CORE, static_cast<unsigned>(i));
            for (int cpu = hwloc_bitmap_first(core->cpuset); cpu >= 0; cpu = hwloc_bitmap_next(core->cpuset, cpu)) {
                if (hwloc_bitmap_isset(allowed, static_cast<unsigned>(cpu)) == 0) continue;
                if (known && !CPU_ISSET(static_cast<std::size_t>(cpu), &mine)) continue;
                pinning.cpus.push_back(cpu);
                break;
            }
        }
        pinning.says = pinning.cpus.empty()
                           ? "unavailable: hwloc finds no core that may be used"
                           : fmt::format("{} of {} cores: processors {} (hwloc); a group has as many as threads",
                                         pinning.cpus.size(), cores, fmt::join(pinning.cpus, " "));
    }
    hwloc_topology_destroy(topology);
    return pinning;
}
#else
Pinning choose_cores(int /*count*/) { return {.cpus = {}, .says = "unavailable: built without hwloc"}; }
#endif

std::vector<int> Pinning::first(int threads) const {
    const auto count = std::min(cpus.size(), static_cast<std::size_t>(std::max(threads, 1)));
    return {cpus.begin(), cpus.begin() + static_cast<std::ptrdiff_t>(count)};
}

PinnedHere::PinnedHere(const std::vector<int>& cpus) {
    if (cpus.empty() || sched_getaffinity(0, sizeof before_, &before_) != 0) return;
    cpu_set_t wanted;
    CPU_ZERO(&wanted);
    for (const int cpu : cpus) CPU_SET(static_cast<std::size_t>(cpu), &wanted);
    pinned_ = sched_setaffinity(0, sizeof wanted, &wanted) == 0;
}

PinnedHere::~PinnedHere() {
    if (pinned_) sched_setaffinity(0, sizeof before_, &before_);
}

}  // namespace headcount
