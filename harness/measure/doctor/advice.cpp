// One function for each thing that a machine does to measurements.
#include "harness/measure/doctor/advice.hpp"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include <fmt/format.h>

#include "harness/measure/machine/environment.hpp"

namespace headcount {
namespace {

using Environment = std::map<std::string, std::string>;

constexpr double kQuietLoad = 0.2;     // a processor: what kForeignLoad calls disturbed
constexpr double kMuchStolen = 0.001;  // of the busy time: a millisecond in a second

std::string value(const Environment& environment, const std::string& key) {
    const auto found = environment.find(key);
    return found == environment.end() ? "unavailable: not read" : found->second;
}

bool unavailable(const std::string& text) { return text.starts_with("unavailable"); }

/// "unavailable: why" as "unreadable (why)".
std::string unreadable(const std::string& what, const std::string& text) {
    return fmt::format("{} unreadable ({})", what, text.substr(std::min(text.find(' ') + 1, text.size())));
}

int processors(const Environment& environment) {
    const std::string text = value(environment, "cpu.affinity");
    if (unavailable(text) || text.empty()) return 0;
    return static_cast<int>(std::count(text.begin(), text.end(), ',')) + 1;
}

Advice on_load(const Environment& environment) {
    const std::string text = value(environment, "load");
    const int count = processors(environment);
    if (unavailable(text)) return {unreadable("load", text), "nobody can tell whether others were busy", ""};
    const double load = std::strtod(text.c_str(), nullptr);
    const std::string what = fmt::format("load {:.2f} on {} processors", load, count);
    if (load <= kQuietLoad) return {what, "the machine is quiet", ""};
    return {what, "others take turns on the processors that are timed: noise, and rounds marked as disturbed",
            fmt::format("end what runs beside, or wait until it is below {}", kQuietLoad)};
}

/// Processors that the control group grants; 0: no quota or none readable.
double quota_of(const std::string& text) {
    std::istringstream words(text);
    double quota = 0, period = 0;
    return words >> quota >> period && period > 0 ? quota / period : 0;
}

Advice on_processors(const Environment& environment) {
    const int count = processors(environment);
    const std::string text = value(environment, "cpu.cgroup_quota");
    const double quota = quota_of(text);
    if (quota > 0 && quota < count) {
        return {fmt::format("{} processors, but a quota of {:.2g}", count, quota),
                "the control group stops all threads when the quota is used up: gaps of some 10 ms",
                fmt::format("use at most {} threads, or raise cpu.max", std::max(1, static_cast<int>(quota)))};
    }
    return {fmt::format("{} processors, {}", count, unavailable(text) ? "no quota readable" : "no quota below them"),
            fmt::format("points of up to {} threads have a processor each", count), ""};
}

Advice on_memory(const Environment& environment) {
    const std::string text = value(environment, "memory.cgroup_limit");
    const std::string total = value(environment, "memory.total");
    if (unavailable(text)) return {unreadable("limit of memory", text), "points may use what the machine has", ""};
    const double bytes = std::strtod(text.c_str(), nullptr);
    if (text == "max" || bytes <= 0) {
        return {fmt::format("memory {}, no limit below it", total), "points may use what the machine has", ""};
    }
    const std::size_t bracket = text.find('(');
    const std::string file = bracket == std::string::npos ? "" : text.substr(bracket);
    return {fmt::format("memory {}, but a limit of {:.0f} MiB {}", total, bytes / (1 << 20), file),
            "points that are predicted to need more than 80 % of what is left of it are skipped",
            "raise the limit for larger points"};
}

Advice on_smt(const Environment& environment) {
    const std::string text = value(environment, "cpu.smt");
    if (unavailable(text)) {
        return {unreadable("SMT", text), "two threads of a point may share a core", "compare with --pin"};
    }
    if (text != "1") return {"SMT off", "a processor is a core of its own", ""};
    return {"SMT on", "two threads on one core share its units, and which ones do changes from visit to visit",
            "run --pin (one hardware thread a core)"};
}

Advice on_governor(const Environment& environment) {
    const std::string text = value(environment, "cpu.governor");
    if (unavailable(text)) {
        return {unreadable("governor", text), "changes of the clock show in the samples only",
                "rely on shuffled rounds; on bare metal load the cpufreq driver"};
    }
    if (text == "performance") return {"governor performance", "the clock does not follow the load", ""};
    return {fmt::format("governor {}", text), "the clock follows the load: the first visits are slower",
            "cpupower frequency-set --governor performance"};
}

Advice on_boost(const Environment& environment) {
    const std::string text = value(environment, "cpu.boost");
    if (unavailable(text)) {
        return {unreadable("boost", text), "the clock may depend on heat and on how many cores are busy",
                "doubt comparisons of one thread with several"};
    }
    if (text == "off") return {"boost off", "one clock for one and for many busy cores", ""};
    return {"boost on", "the clock depends on heat and on how many cores are busy: it drifts, and one thread gains",
            "echo 0 > /sys/devices/system/cpu/cpufreq/boost (intel_pstate: echo 1 > .../no_turbo)"};
}

Advice on_steal(const Environment& environment, const std::filesystem::path& root) {
    const CpuTimes times = cpu_times(root);
    if (times.busy_s < 0) return {"stolen time unreadable", "nobody can tell what a hypervisor took", ""};
    const double share = times.busy_s > 0 ? times.steal_s / times.busy_s : 0;
    const std::string what = fmt::format("stolen {:.2g} % of the busy time since boot", 100 * share);
    if (value(environment, "hypervisor") != "yes") return {what, "no hypervisor is reported", ""};
    if (share <= kMuchStolen) return {what, "the hypervisor says that it takes little; it need not say all", ""};
    return {what, "other guests use these processors: noise that nothing inside can prevent",
            "another host, dedicated processors, or more rounds"};
}

Advice on_events(const Environment& environment) {
    const std::string text = value(environment, "perf_events");
    if (!unavailable(text)) return {"performance events there", "cycles and cache misses stand beside every time", ""};
    return {unreadable("performance events", text), "no cycles, no cache misses: only times",
            "sysctl kernel.perf_event_paranoid=2; a virtual machine needs a virtual PMU"};
}

Advice on_energy(const Environment& environment) {
    const std::string text = value(environment, "energy");
    if (!unavailable(text)) return {"energy (RAPL) there", "joules stand beside every time, neighbours included", ""};
    return {unreadable("energy (RAPL)", text), "no joules", "bare metal, and read permission for energy_uj"};
}

Advice on_swap(const Environment& environment) {
    const std::string text = value(environment, "memory.swap");
    if (unavailable(text)) return {unreadable("swap", text), "a large point may be paged out unseen", ""};
    if (std::strtod(text.c_str(), nullptr) <= 0) return {"no swap", "what is in memory stays there", ""};
    return {fmt::format("swap {}", text), "a point near the limit of memory may time the disk",
            "swapoff -a, or keep points well below what is available"};
}

}  // namespace

std::vector<Advice> advise(const Environment& environment, const std::filesystem::path& root) {
    return {on_load(environment),     on_processors(environment), on_memory(environment),      on_smt(environment),
            on_governor(environment), on_boost(environment),      on_steal(environment, root), on_events(environment),
            on_energy(environment),   on_swap(environment)};
}

}  // namespace headcount
