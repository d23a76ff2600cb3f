// What the control groups (cgroups) of this process let it have: of memory and of processor time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace headcount {

/// The tightest limit of memory among the groups that this process is in: its own, and all that hold that one.
struct GroupMemory {
    std::int64_t limit_bytes = -1;  ///< -1: none
    std::string limited_by;         ///< the file that sets it; "" where none does
    /// The smallest room below a limit; -1: no limit. Page cache that is given back when somebody needs memory does
    /// not count as used.
    std::int64_t room_bytes = -1;
    bool readable = false;  ///< a group of memory is seen at all
};

/// The tightest quota of processor time among these groups.
struct GroupProcessors {
    std::int64_t quota_us = -1, period_us = -1;  ///< of processor time in each period; -1: no quota
    std::string limited_by;                      ///< the file that sets it; "" where none does
    bool readable = false;                       ///< a group of processor time is seen at all

    /// Processors' worth of time; -1: no quota.
    double quota() const { return quota_us < 0 ? -1 : static_cast<double>(quota_us) / static_cast<double>(period_us); }
};

/// Both versions of control groups, also side by side. `root` is where /proc and /sys are found, so that a test can
/// make a tree. Groups above what is mounted here (those of a container's host) show only in what version 1 says of
/// the whole hierarchy. A machine without control groups has no limit.
GroupMemory group_memory(const std::filesystem::path& root = "/");
GroupProcessors group_processors(const std::filesystem::path& root = "/");

/// How many threads can run at a time: as many as there are processors in the affinity of this process, or fewer by the
/// quota of its groups. At least 1.
struct Processors {
    int usable = 1;
    std::string by;  ///< "affinity", "a quota of 1.5 (/sys/fs/cgroup/x/cpu.max)"

    std::string text() const;  ///< "2 by affinity"
};
Processors usable_processors(const std::filesystem::path& root = "/");

}  // namespace headcount
