// Each state of a machine with the advice that it should get, and none where nothing is wrong.
#include "harness/measure/doctor/advice.hpp"

#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "harness/measure/machine/environment.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;

namespace {

using Environment = std::map<std::string, std::string>;

/// A quiet machine on which everything can be read.
Environment quiet() {
    return {{"load", "0.05 0.10 0.10 1/90 4242"},    {"cpu.affinity", "0,1,2,3"},    {"cpu.cgroup_quota", "max"},
            {"memory.total", "16000000 kB"},         {"memory.cgroup_limit", "max"}, {"cpu.smt", "0"},
            {"cpu.governor", "performance"},         {"cpu.boost", "off"},           {"hypervisor", "no"},
            {"perf_events", "cycles, instructions"}, {"energy", "package-0"},        {"memory.swap", "0 kB"}};
}

/// The one line that begins with `what`, or that has it.
Advice line(const Environment& environment, const std::string& what, const std::filesystem::path& root = "/none") {
    for (const Advice& advice : advise(environment, root)) {
        if (advice.what.find(what) != std::string::npos) return advice;
    }
    FAIL("no line on " << what);
    return {};
}

Environment with(const std::string& key, const std::string& value) {
    Environment environment = quiet();
    environment[key] = value;
    return environment;
}

}  // namespace

TEST_CASE("on a quiet machine nothing has to be done") {
    const auto all = advise(quiet(), "/none");
    CHECK(all.size() == 10);
    for (const Advice& advice : all) {
        INFO(advice.what);
        CHECK(advice.act.empty());
        CHECK_FALSE(advice.means.empty());
    }
}

TEST_CASE("each trouble is named with what to do") {
    CHECK_THAT(line(with("load", "1.89 1 1 2/3 4"), "load 1.89 on 4 processors").act, Contains("wait"));
    CHECK_THAT(line(with("cpu.cgroup_quota", "150000 100000"), "a quota of 1.5").act, Contains("at most 1 threads"));
    CHECK(line(with("cpu.cgroup_quota", "400000 100000"), "no quota below").act.empty());
    CHECK_THAT(
        line(with("memory.cgroup_limit", "419430400 (/sys/fs/cgroup/x/memory.max)"), "a limit of 400 MiB (/sys").act,
        Contains("raise"));
    CHECK_THAT(line(with("cpu.smt", "1"), "SMT on").act, Contains("--pin"));
    CHECK_THAT(line(with("cpu.governor", "powersave"), "governor powersave").act, Contains("cpupower"));
    CHECK_THAT(line(with("cpu.boost", "on"), "boost on").act, Contains("boost"));
    CHECK_THAT(line(with("memory.swap", "2097148 kB"), "swap 2097148 kB").act, Contains("swapoff"));
    CHECK_THAT(line(with("perf_events", "unavailable: no PMU"), "performance events").what, Contains("(no PMU)"));
    CHECK_THAT(line(with("energy", "unavailable: no RAPL"), "energy").act, Contains("energy_uj"));
}

TEST_CASE("stolen time is a matter of hypervisors and of how much") {
    std::string dir = (std::filesystem::temp_directory_path() / "headcount-advice-XXXXXX").string();
    REQUIRE(::mkdtemp(dir.data()) != nullptr);
    const std::filesystem::path root = dir;
    std::filesystem::create_directories(root / "proc");
    std::ofstream(root / "proc/stat") << "cpu 900 0 0 5000 0 0 0 100 0 0\n";
    CHECK_THAT(line(with("hypervisor", "yes"), "stolen 10 %", root).act, Contains("another host"));
    CHECK(line(quiet(), "stolen 10 %", root).act.empty());
    std::ofstream(root / "proc/stat") << "cpu 100000 0 0 5000 0 0 0 10 0 0\n";
    CHECK(line(with("hypervisor", "yes"), "stolen 0.01 %", root).act.empty());
    std::filesystem::remove_all(root);
}

TEST_CASE("a machine that shows nothing is advised too") {
    const auto all = advise(read_environment("/no/such/root"), "/no/such/root");
    CHECK(all.size() == 10);
    for (const Advice& advice : all) CHECK_FALSE(advice.what.empty());
    CHECK(advise({}, "/no/such/root").size() == 10);
}
