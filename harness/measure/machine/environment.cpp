// Reads /proc, /sys, the build's own facts and the backends'; nothing is left out because it cannot be read.
#include "harness/measure/machine/environment.hpp"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/backend/all.hpp"
#include "harness/core/library_variables.hpp"
#include "harness/core/machine.hpp"
#include "harness/measure/machine/control_group.hpp"
#include "harness/measure/machine/counters.hpp"
#include "headcount_version.hpp"

namespace headcount {
namespace {

namespace fs = std::filesystem;

std::string unavailable(const std::string& why) { return "unavailable: " + why; }

std::string first_line(const fs::path& path) {
    std::ifstream file(path);
    std::string line;
    if (!file || !std::getline(file, line)) return unavailable(path.string() + " cannot be read");
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) line.pop_back();
    return line;
}

/// "model name : AMD EPYC" in a file of such lines.
std::string field(const fs::path& path, const std::string& name) {
    std::ifstream file(path);
    if (!file) return unavailable(path.string() + " cannot be read");
    std::string line;
    while (std::getline(file, line)) {
        if (!line.starts_with(name)) continue;
        const std::size_t colon = line.find(':');
        if (colon == std::string::npos || line.find_first_not_of(" \t", name.size()) != colon) continue;
        const std::size_t value = line.find_first_not_of(" \t", colon + 1);
        return value == std::string::npos ? "" : line.substr(value);
    }
    return unavailable(fmt::format("{} has no {}", path.string(), name));
}

std::string affinity() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return unavailable(std::strerror(errno));
    std::string text;
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &set)) text += (text.empty() ? "" : ",") + std::to_string(cpu);
    }
    return text;
}

std::string turbo(const fs::path& root) {
    const fs::path cpu = root / "sys/devices/system/cpu";
    if (fs::exists(cpu / "cpufreq/boost")) return first_line(cpu / "cpufreq/boost") == "1" ? "on" : "off";
    if (fs::exists(cpu / "intel_pstate/no_turbo")) {
        return first_line(cpu / "intel_pstate/no_turbo") == "0" ? "on" : "off";
    }
    return unavailable("neither cpufreq/boost nor intel_pstate/no_turbo exists");
}

/// "QUOTA PERIOD" in microseconds of the tightest group, or "max".
std::string cpu_quota(const fs::path& root) {
    const GroupProcessors processors = group_processors(root);
    if (!processors.readable) return unavailable("no control group of processor time is seen");
    if (processors.quota() < 0) return "max";
    return fmt::format("{} {}", processors.quota_us, processors.period_us);
}

/// "419430400 (/sys/fs/cgroup/memory/x/memory.limit_in_bytes)" of the tightest group, or "max".
std::string memory_limit(const fs::path& root) {
    const GroupMemory memory = group_memory(root);
    if (!memory.readable) return unavailable("no control group of memory is seen");
    if (memory.limit_bytes < 0) return "max";
    return fmt::format("{} ({})", memory.limit_bytes, memory.limited_by);
}

std::string clock_resolution() {
    timespec resolution{};
    if (clock_getres(CLOCK_MONOTONIC, &resolution) != 0) return unavailable(std::strerror(errno));
    return fmt::format("{} ns", resolution.tv_sec * 1'000'000'000L + resolution.tv_nsec);
}

/// "L1 Data 32K (1 processor), L3 Unified 32768K (2 processors)".
std::string text_of(const std::vector<ListedCache>& caches) {
    std::string text;
    for (const ListedCache& cache : caches) {
        text += fmt::format("{}L{} {} {} ({} processor{})", text.empty() ? "" : ", ", cache.level, cache.type,
                            cache.bytes > 0 ? fmt::format("{}K", cache.bytes / 1024) : "of unknown size",
                            cache.processors, cache.processors == 1 ? "" : "s");
    }
    return text;
}

void add_caches(std::map<std::string, std::string>& e, const fs::path& root) {
    const KnownCaches known = known_caches(root);
    const std::string none = unavailable("neither files nor sysconf nor CPUID know one");
    e["cpu.caches"] = known.caches.empty() ? none : text_of(known.caches);
    e["cpu.caches_source"] = known.caches.empty() ? none : known.source;
}

void add_processor(std::map<std::string, std::string>& e, const fs::path& root) {
    const fs::path cpuinfo = root / "proc/cpuinfo";
    e["cpu.model"] = field(cpuinfo, "model name");
    e["cpu.vendor"] = field(cpuinfo, "vendor_id");
    e["cpu.family"] = field(cpuinfo, "cpu family");
    e["cpu.model_number"] = field(cpuinfo, "model");
    e["cpu.stepping"] = field(cpuinfo, "stepping");
    e["cpu.microcode"] = field(cpuinfo, "microcode");
    e["cpu.mhz"] = field(cpuinfo, "cpu MHz");
    e["cpu.flags"] = field(cpuinfo, "flags");
    e.merge(machine_state(root));
    e["cpu.affinity"] = affinity();
    e["cpu.usable"] = usable_processors(root).text();
    add_caches(e, root);
    e["hypervisor"] = e["cpu.flags"].find(" hypervisor") != std::string::npos ? "yes"
                      : e["cpu.flags"].starts_with("unavailable")             ? e["cpu.flags"]
                                                                              : "no";
}

void add_system(std::map<std::string, std::string>& e, const fs::path& root) {
    utsname system{};
    if (::uname(&system) == 0) {
        e["kernel"] = fmt::format("{} {} {} {}", system.sysname, system.release, system.version, system.machine);
    } else {
        e["kernel"] = unavailable(std::strerror(errno));
    }
    e["host"] = host_name();
    e["memory.total"] = field(root / "proc/meminfo", "MemTotal");
    e["memory.available"] = field(root / "proc/meminfo", "MemAvailable");
    e["memory.swap"] = field(root / "proc/meminfo", "SwapTotal");
    e["memory.huge_pages"] = first_line(root / "sys/kernel/mm/transparent_hugepage/enabled");
    e["memory.cgroup_limit"] = memory_limit(root);
    e["cpu.cgroup_quota"] = cpu_quota(root);
    e["load"] = first_line(root / "proc/loadavg");
    e["clock.source"] = first_line(root / "sys/devices/system/clocksource/clocksource0/current_clocksource");
    e["clock.resolution"] = clock_resolution();
    const Counters counters(root);
    e["perf_events"] = counters.events();
    e["energy"] = counters.energy();
    e["libc"] = std::string("glibc ") + gnu_get_libc_version();
    e.merge(library_variables_here());
}

}  // namespace

std::map<std::string, std::string> read_environment(const fs::path& root) {
    std::map<std::string, std::string> e;
    add_processor(e, root);
    add_system(e, root);
    e["version"] = build::version;
    e["commit"] = build::commit;
    e["dirty"] = build::dirty;
    e["compiler"] = build::compiler;
    e["flags"] = build::flags;
    e["build_type"] = build::build_type;
    e["native"] = build::native;
    for (const auto& backend : all_backends()) {
        if (!backend.value.missing.empty()) {
            e[backend.name + ".library"] = unavailable(backend.value.missing);
        } else if (backend.value.facts != nullptr) {
            for (const auto& [name, value] : backend.value.facts()) e[backend.name + "." + name] = value;
        }
    }
    return e;
}

std::map<std::string, std::string> machine_state(const fs::path& root) {
    const fs::path cpu = root / "sys/devices/system/cpu";
    return {{"cpu.online", first_line(cpu / "online")},
            {"cpu.governor", first_line(cpu / "cpu0/cpufreq/scaling_governor")},
            {"cpu.boost", turbo(root)},
            {"cpu.smt", first_line(cpu / "smt/active")}};
}

std::map<std::string, std::string> differences(const std::map<std::string, std::string>& before,
                                               const std::map<std::string, std::string>& now) {
    std::map<std::string, std::string> changed;
    for (const auto& [key, value] : now) {
        const auto was = before.find(key);
        if (was == before.end() || was->second != value) changed.emplace(key, value);
    }
    return changed;
}

double load_1min(const fs::path& root) {
    std::ifstream file(root / "proc/loadavg");
    double load = -1;
    return file >> load ? load : -1;
}

CpuTimes cpu_times(const fs::path& root) {
    std::ifstream file(root / "proc/stat");
    std::string name;
    double user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softirq = 0, steal = 0;
    if (!(file >> name >> user >> nice >> system >> idle >> wait >> irq >> softirq >> steal) || name != "cpu")
        return {};
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    return {.busy_s = (user + nice + system + irq + softirq + steal) / ticks, .steal_s = steal / ticks};
}

}  // namespace headcount
