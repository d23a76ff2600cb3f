// Scaling and wrapping of counters, and machines that do not count.
#include "harness/measure/machine/counters.hpp"

#include <fstream>

#include <unistd.h>

#include "harness/measure/process/pinning.hpp"
#include "tests/catch.hpp"

using namespace headcount;
namespace fs = std::filesystem;

TEST_CASE("an event counted half of the time is doubled, one never counted has no value") {
    const EventReading before{.value = 100, .enabled_ns = 1000, .running_ns = 1000};
    CHECK(scaled_difference(before, {.value = 150, .enabled_ns = 2000, .running_ns = 2000}) == 50);
    CHECK(scaled_difference(before, {.value = 150, .enabled_ns = 3000, .running_ns = 2000}) == 100);
    CHECK(scaled_difference(before, {.value = 100, .enabled_ns = 3000, .running_ns = 1000}) < 0);
}

TEST_CASE("an energy counter that wraps goes on counting") {
    CHECK(energy_difference(10, 25, 1000) == 15);
    CHECK(energy_difference(990, 5, 1000) == 15);
}

TEST_CASE("a machine without energy readings says so and gives no value") {
    Counters counters("/no/such/root");
    CHECK(counters.energy().find("unavailable: /no/such/root") == 0);
    counters.start();
    const auto values = counters.stop();
    CHECK_FALSE(values.contains("energy_j"));
    CHECK((counters.events() == "available") == values.contains("counted_share"));
    CHECK((counters.events() == "available" || counters.events().find("unavailable: perf_event_open: ") == 0));
}

TEST_CASE("energy is read where powercap gives it") {
    std::string name = (fs::temp_directory_path() / "headcount-rapl-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    const fs::path zone = fs::path(name) / "sys/class/powercap/intel-rapl:0";
    fs::create_directories(zone);
    std::ofstream(zone / "max_energy_range_uj") << "10000000\n";
    std::ofstream(zone / "energy_uj") << "9000000\n";
    Counters counters(name);
    CHECK(counters.energy() == "available");
    counters.start();
    std::ofstream(zone / "energy_uj") << "1500000\n";
    CHECK(counters.stop().at("energy_j") == Approx(2.5));
    fs::remove_all(name);
}

TEST_CASE("cores to pin to are as many as asked, at most what there are, or there is a reason") {
    for (const int wanted : {1, 2, 100000}) {
        const Pinning pinning = choose_cores(wanted);
        CHECK_FALSE(pinning.says.empty());
        if (pinning.cpus.empty()) {
            CHECK(pinning.says.find("unavailable: ") == 0);
        } else {
            CHECK(pinning.cpus.size() <= static_cast<std::size_t>(wanted));
        }
    }
    CHECK(choose_cores(0).cpus.empty());
}

TEST_CASE("what is started under a pin runs there, and the starter gets its processors back") {
    const Pinning pinning = choose_cores(1);
    cpu_set_t before, during, after;
    REQUIRE(sched_getaffinity(0, sizeof before, &before) == 0);
    {
        const PinnedHere pinned(pinning.cpus);
        REQUIRE(sched_getaffinity(0, sizeof during, &during) == 0);
    }
    REQUIRE(sched_getaffinity(0, sizeof after, &after) == 0);
    CHECK(CPU_EQUAL(&before, &after));
    if (!pinning.cpus.empty()) {
        CHECK(CPU_COUNT(&during) == 1);
        CHECK(CPU_ISSET(static_cast<std::size_t>(pinning.cpus.front()), &during));
    }
}
