// What the system says about memory: of this process and of the machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace headcount {

/// A number of bytes, or why there is none.
struct Bytes {
    std::int64_t value = -1;
    std::string unavailable;
};

/// A field such as "VmHWM" (peak resident set) of /proc/self/status, in bytes.
Bytes process_memory(const std::string& field, const std::filesystem::path& status = "/proc/self/status");

/// What a point took.
struct PeakMemory {
    std::int64_t peak_bytes = -1;          ///< of its workspace; -1: unknown
    std::int64_t process_peak_bytes = -1;  ///< of the process over what it had before; -1: unavailable
    std::string note{};                    ///< why something is missing
};

/// From the peaks of a process before and after a point ran in it.
PeakMemory growth(const Bytes& before, const Bytes& after, std::int64_t workspace_bytes);

/// MemAvailable of the machine, or the room below the limits of our control groups where that is less. Page cache that
/// can be dropped counts as available in both. `root` is where /proc and /sys are found.
Bytes available_memory(const std::filesystem::path& root = "/");

}  // namespace headcount
