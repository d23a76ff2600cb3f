// Finds the folders of the groups by /proc/self/cgroup and /proc/self/mountinfo, and reads their files upwards.
#include "harness/measure/machine/control_group.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sched.h>

namespace headcount {
namespace {

namespace fs = std::filesystem;

/// A controller's folders: that of this process's own group first, then of all that hold it, as far as they are seen.
struct Hierarchy {
    int version = 2;
    std::vector<fs::path> folders;
};

/// A mounted hierarchy, from a line of mountinfo.
struct Mount {
    fs::path group;  ///< the group that is seen at the mount point; not "/" in a container
    fs::path point;  ///< where
    int version = 2;
    std::string controllers;  ///< of version 1: ",rw,memory,"
};

/// A path in mountinfo: blanks and backslashes are written as \040 and the like.
std::string unescaped(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::string digits = text[i] == '\\' ? text.substr(i + 1, 3) : "";
        if (digits.size() == 3 && digits.find_first_not_of("01234567") == std::string::npos) {
            result += static_cast<char>(std::stoi(digits, nullptr, 8));
            i += 3;
        } else {
            result += text[i];
        }
    }
    return result;
}

std::vector<Mount> mounts(const fs::path& root) {
    std::vector<Mount> found;
    std::ifstream file(root / "proc/self/mountinfo");
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string skipped, group, point, type, source, options;
        words >> skipped >> skipped >> skipped >> group >> point;
        while (words >> skipped && skipped != "-") {
        }
        words >> type >> source >> options;
        if (type != "cgroup" && type != "cgroup2") continue;
        found.push_back({.group = unescaped(group),
                         .point = unescaped(point),
                         .version = type == "cgroup2" ? 2 : 1,
                         .controllers = "," + options + ","});
    }
    return found;
}

bool lists(const std::string& commas, std::string_view name) {
    return ("," + commas + ",").find(fmt::format(",{},", name)) != std::string::npos;
}

/// The group of this process below a mount: "" is what is mounted itself. A group that is not below it (that of a
/// container seen from inside, "/../x") has only what is mounted in common with it.
fs::path below(const fs::path& group, const fs::path& mounted) {
    fs::path rest = group.lexically_relative(mounted);
    if (rest.empty() || rest == "." || *rest.begin() == "..") return {};
    return rest;
}

/// The hierarchies that may limit what `controller` is about.
std::vector<Hierarchy> hierarchies(const fs::path& root, std::string_view controller) {
    const std::vector<Mount> mounted = mounts(root);
    std::vector<Hierarchy> found;
    std::ifstream file(root / "proc/self/cgroup");
    for (std::string line; std::getline(file, line);) {
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const int version = controllers.empty() ? 2 : 1;
        if (version == 1 && !lists(controllers, controller)) continue;
        for (const Mount& mount : mounted) {
            if (mount.version != version || (version == 1 && !lists(mount.controllers, controller))) continue;
            Hierarchy hierarchy{.version = version, .folders = {}};
            const fs::path at = root / mount.point.relative_path();
            for (fs::path rest = below(line.substr(second + 1), mount.group); !rest.empty(); rest = rest.parent_path())
                hierarchy.folders.push_back(at / rest);
            hierarchy.folders.push_back(at);
            found.push_back(std::move(hierarchy));
            break;
        }
    }
    return found;
}

/// -1 where it is none, as "max".
std::int64_t number(const std::string& text) {
    std::int64_t value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} ? value : -1;
}

/// The number that a file begins with; -1 where it says "max", none where it cannot be read.
std::optional<std::int64_t> number_in(const fs::path& path) {
    std::ifstream file(path);
    std::string word;
    if (file >> word) return number(word);
    return std::nullopt;
}

/// "name 1234" in a file of such lines; 0 where it has none.
std::int64_t entry_in(const fs::path& path, std::string_view name) {
    std::ifstream file(path);
    std::string key;
    for (std::int64_t value = 0; file >> key >> value;) {
        if (key == name) return value;
    }
    return 0;
}

/// What a group and all below it use and would not give back: a kernel takes page cache away from the group before it
/// refuses memory, as MemAvailable of the machine supposes as well.
std::int64_t used_bytes(const fs::path& folder, int version) {
    const char* prefix = version == 1 ? "total_" : "";
    const std::int64_t used =
        number_in(folder / (version == 1 ? "memory.usage_in_bytes" : "memory.current")).value_or(0);
    const std::int64_t droppable = entry_in(folder / "memory.stat", fmt::format("{}inactive_file", prefix)) +
                                   entry_in(folder / "memory.stat", fmt::format("{}active_file", prefix));
    return std::max<std::int64_t>(0, used - droppable);
}

/// No limit is -1, or what version 1 has in place of the word: a huge number.
void add_limit(GroupMemory& memory, std::int64_t limit, const fs::path& file, std::int64_t used) {
    constexpr std::int64_t kNone = std::int64_t{1} << 60;
    memory.readable = true;
    if (limit >= kNone || limit < 0) return;
    const std::int64_t room = std::max<std::int64_t>(0, limit - used);
    memory.room_bytes = memory.room_bytes < 0 ? room : std::min(memory.room_bytes, room);
    if (memory.limit_bytes >= 0 && limit >= memory.limit_bytes) return;
    memory.limit_bytes = limit;
    memory.limited_by = file.string();
}

void add_memory_v2(GroupMemory& memory, const fs::path& folder) {
    // Above memory.high a group is slowed down until it has given memory back: no place to measure at.
    for (const char* name : {"memory.max", "memory.high"}) {
        if (const auto limit = number_in(folder / name)) {
            add_limit(memory, *limit, folder / name, used_bytes(folder, 2));
        }
    }
}

void add_memory_v1(GroupMemory& memory, const fs::path& folder, bool own) {
    // Old kernels: a group that does not account for those below it does not limit them either.
    if (!own && number_in(folder / "memory.use_hierarchy").value_or(1) == 0) return;
    if (const auto limit = number_in(folder / "memory.limit_in_bytes")) {
        add_limit(memory, *limit, folder / "memory.limit_in_bytes", used_bytes(folder, 1));
    }
}

}  // namespace

GroupMemory group_memory(const fs::path& root) {
    GroupMemory memory;
    for (const Hierarchy& hierarchy : hierarchies(root, "memory")) {
        for (const fs::path& folder : hierarchy.folders) {
            if (hierarchy.version == 2) {
                add_memory_v2(memory, folder);
            } else {
                add_memory_v1(memory, folder, folder == hierarchy.folders.front());
            }
        }
        // Of groups above what is mounted as well. How much those use nobody says here.
        const fs::path& top = hierarchy.folders.back();
        const std::int64_t above = entry_in(top / "memory.stat", "hierarchical_memory_limit");
        if (hierarchy.version == 1 && above > 0) add_limit(memory, above, top / "memory.stat", used_bytes(top, 1));
    }
    return memory;
}

GroupProcessors group_processors(const fs::path& root) {
    GroupProcessors processors;
    for (const Hierarchy& hierarchy : hierarchies(root, "cpu")) {
        for (const fs::path& folder : hierarchy.folders) {
            const fs::path file = folder / (hierarchy.version == 2 ? "cpu.max" : "cpu.cfs_quota_us");
            std::ifstream words(file);
            std::string quota, period;
            if (!(words >> quota)) continue;
            processors.readable = true;
            if (hierarchy.version == 1) {
                words.close();
                words.open(folder / "cpu.cfs_period_us");
            }
            words >> period;
            const GroupProcessors here{
                .quota_us = number(quota), .period_us = number(period), .limited_by = file.string(), .readable = true};
            if (here.quota_us <= 0 || here.period_us <= 0) continue;  // "max" or -1
            if (processors.quota() < 0 || here.quota() < processors.quota()) processors = here;
        }
    }
    return processors;
}

std::string Processors::text() const { return fmt::format("{} by {}", usable, by); }

Processors usable_processors(const fs::path& root) {
    cpu_set_t set;
    CPU_ZERO(&set);
    const int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    const GroupProcessors group = group_processors(root);
    if (group.quota() < 0 || group.quota() >= count) {
        return {.usable = count, .by = "affinity"};
    }
    return {.usable = std::max(1, static_cast<int>(group.quota())),
            .by = fmt::format("a quota of {:.3g} ({})", group.quota(), group.limited_by)};
}

}  // namespace headcount
