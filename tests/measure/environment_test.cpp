// Readings of the machine, also where nothing can be read.
#include "harness/measure/machine/environment.hpp"

#include <cstdlib>
#include <fstream>

#include <unistd.h>

#include "harness/measure/machine/process_memory.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace headcount;

TEST_CASE("a machine without /proc and /sys gives every key, as unavailable with the reason") {
    const auto here = read_environment();
    const auto nowhere = read_environment("/no/such/root");
    for (const auto& [key, value] : here) {
        INFO(key);
        CHECK(nowhere.contains(key));
        CHECK(!value.empty());
    }
    for (const char* key : {"cpu.model", "cpu.governor", "cpu.boost", "cpu.smt", "memory.total", "load", "clock.source",
                            "energy", "hypervisor"}) {
        INFO(key);
        CHECK(nowhere.at(key).rfind("unavailable: ", 0) == 0);
        CHECK(nowhere.at(key).size() > std::string("unavailable: ").size());
    }
    CHECK(load_1min("/no/such/root") == -1);
    CHECK(cpu_times("/no/such/root").busy_s == -1);
}

TEST_CASE("caches are written as the kernel lists them") {
    const testing::Scratch scratch;
    const auto add = [&](int index, const char* type, const char* size) {
        const auto cache = scratch.dir / "sys/devices/system/cpu/cpu0/cache" / ("index" + std::to_string(index));
        std::filesystem::create_directories(cache);
        std::ofstream(cache / "level") << index + 1 << '\n';
        std::ofstream(cache / "type") << type << '\n';
        std::ofstream(cache / "shared_cpu_list") << "0\n";
        if (size != nullptr) std::ofstream(cache / "size") << size << '\n';
    };
    add(0, "Data", "48K");
    add(1, "Unified", "2048K");
    add(2, "Unified", nullptr);
    const auto environment = read_environment(scratch.dir);
    CHECK(environment.at("cpu.caches").starts_with("L1 Data 48K ("));
    CHECK(environment.at("cpu.caches").find(", L2 Unified 2048K (") != std::string::npos);
    CHECK(environment.at("cpu.caches_source").starts_with("files"));
}

TEST_CASE("a machine whose name changes is named by its user") {
    const std::string by_system = read_environment().at("host");
    ::setenv("HEADCOUNT_HOST", "the name of last time", 1);
    CHECK(read_environment().at("host") == "the name of last time");
    ::setenv("HEADCOUNT_HOST", "", 1);
    CHECK(read_environment().at("host") == by_system);
    ::unsetenv("HEADCOUNT_HOST");
}

TEST_CASE("a setting that somebody changes during a run is found") {
    std::string dir = (std::filesystem::temp_directory_path() / "headcount-state-XXXXXX").string();
    REQUIRE(::mkdtemp(dir.data()) != nullptr);
    const std::filesystem::path cpu = std::filesystem::path(dir) / "sys/devices/system/cpu";
    std::filesystem::create_directories(cpu / "cpu0/cpufreq");
    std::filesystem::create_directories(cpu / "cpufreq");
    std::filesystem::create_directories(cpu / "smt");
    std::ofstream(cpu / "cpu0/cpufreq/scaling_governor") << "performance\n";
    std::ofstream(cpu / "cpufreq/boost") << "1\n";
    std::ofstream(cpu / "smt/active") << "0\n";
    const auto before = read_environment(dir);
    CHECK(before.at("cpu.governor") == "performance");
    CHECK(before.at("cpu.boost") == "on");
    CHECK(differences(before, machine_state(dir)).empty());
    std::ofstream(cpu / "cpu0/cpufreq/scaling_governor") << "powersave\n";
    std::ofstream(cpu / "cpufreq/boost") << "0\n";
    using Changed = std::map<std::string, std::string>;
    CHECK(differences(before, machine_state(dir)) == Changed{{"cpu.governor", "powersave"}, {"cpu.boost", "off"}});
    std::filesystem::remove_all(dir);
}

TEST_CASE("memory is read in bytes, and says why when it cannot be") {
    CHECK(process_memory("VmHWM").value > 0);
    CHECK(process_memory("VmNothing").value == -1);
    CHECK(process_memory("VmNothing").unavailable.find("VmNothing") != std::string::npos);
    CHECK(process_memory("VmHWM", "/no/such/file").unavailable.find("/no/such/file") != std::string::npos);
}
