// Reads /proc and the control group; each reading may be unavailable.
#include "harness/measure/machine/process_memory.hpp"

#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "harness/measure/machine/control_group.hpp"

namespace headcount {
namespace {

/// "VmHWM:    1234 kB" in a file of such lines.
Bytes field_in_kib(const std::filesystem::path& path, const std::string& field) {
    std::ifstream file(path);
    if (!file) return {.value = -1, .unavailable = fmt::format("{} cannot be read", path.string())};
    std::string line;
    while (std::getline(file, line)) {
        if (!line.starts_with(field + ":")) continue;
        std::istringstream words(line.substr(field.size() + 1));
        std::int64_t kib = -1;
        std::string unit;
        if (words >> kib >> unit && unit == "kB" && kib >= 0) return {.value = kib * 1024, .unavailable = {}};
        break;
    }
    return {.value = -1, .unavailable = fmt::format("{} has no usable {}", path.string(), field)};
}

}  // namespace

Bytes process_memory(const std::string& field, const std::filesystem::path& status) {
    return field_in_kib(status, field);
}

PeakMemory growth(const Bytes& before, const Bytes& after, std::int64_t workspace_bytes) {
    PeakMemory memory{.peak_bytes = workspace_bytes};
    if (workspace_bytes < 0) memory.note = "an engine's workspace is not known";
    if (before.value >= 0 && after.value >= 0) {
        memory.process_peak_bytes = after.value - before.value;
    } else {
        memory.note = before.value < 0 ? before.unavailable : after.unavailable;
    }
    return memory;
}

Bytes available_memory(const std::filesystem::path& root) {
    Bytes available = field_in_kib(root / "proc/meminfo", "MemAvailable");
    const std::int64_t room = group_memory(root).room_bytes;
    if (room >= 0 && (available.value < 0 || room < available.value)) available = {.value = room, .unavailable = {}};
    return available;
}

}  // namespace headcount
