// What this machine, this program and this moment are: written into every result.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace headcount {

/// Every key is always there; what cannot be read says "unavailable: why". `root` is where /proc and /sys are
/// found, so that a machine without them can be tried in a test.
std::map<std::string, std::string> read_environment(const std::filesystem::path& root = "/");

/// Those that somebody may change while we measure: cpu.governor, cpu.boost, cpu.smt, cpu.online.
std::map<std::string, std::string> machine_state(const std::filesystem::path& root = "/");
/// The entries of `now` that `before` does not have so.
std::map<std::string, std::string> differences(const std::map<std::string, std::string>& before,
                                               const std::map<std::string, std::string>& now);

/// Load average over a minute; -1 when unavailable.
double load_1min(const std::filesystem::path& root = "/");

/// Processor seconds since boot, over all processors.
struct CpuTimes {
    double busy_s = -1;   ///< anything but idle and waiting for disks, stolen time included; -1: unavailable
    double steal_s = -1;  ///< taken by the hypervisor for others
};
CpuTimes cpu_times(const std::filesystem::path& root = "/");

}  // namespace headcount
