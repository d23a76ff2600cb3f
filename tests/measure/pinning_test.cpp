// Which cores are chosen, and that a process which may use fewer is not moved beyond them.
#include "harness/measure/process/pinning.hpp"

#include <set>

#include "tests/catch.hpp"

using namespace headcount;

namespace {

std::set<int> allowed() {
    cpu_set_t set;
    CPU_ZERO(&set);
    REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
    std::set<int> cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) cpus.insert(cpu);
    }
    return cpus;
}

}  // namespace

TEST_CASE("a group gets the first of the chosen cores, at least one, at most all") {
    const Pinning pinning{.cpus = {4, 2, 7}, .says = ""};
    CHECK(pinning.first(0) == std::vector<int>{4});
    CHECK(pinning.first(2) == std::vector<int>{4, 2});
    CHECK(pinning.first(9) == std::vector<int>{4, 2, 7});
    CHECK(Pinning{.cpus = {}, .says = "off"}.first(2).empty());
}

TEST_CASE("only cores that this process may use are chosen, each once") {
    const std::set<int> mine = allowed();
    const Pinning all = choose_cores(1 << 10);
    if (all.cpus.empty()) {
        CHECK(all.says.starts_with("unavailable: "));
        return;
    }
    CHECK(std::set<int>(all.cpus.begin(), all.cpus.end()).size() == all.cpus.size());
    for (const int cpu : all.cpus) CHECK(mine.contains(cpu));
    // As under taskset: only the last of them.
    const PinnedHere here({all.cpus.back()});
    CHECK(choose_cores(1 << 10).cpus == std::vector<int>{all.cpus.back()});
}

TEST_CASE("pinning ends with its scope") {
    const std::set<int> before = allowed();
    {
        const PinnedHere here({*before.begin()});
        CHECK(allowed() == std::set<int>{*before.begin()});
    }
    CHECK(allowed() == before);
    const PinnedHere nothing({});
    CHECK(allowed() == before);
}
