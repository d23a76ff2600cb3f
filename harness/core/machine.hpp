// The name of this machine, and its caches: the one place that reads their sizes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace headcount {

/// A cache of the first processor, as the system lists it. 0 means *unknown*: the system does not say. That is no small
/// cache, so nobody may compute with a 0. Who needs a size takes one of the assumptions below. Who needs to know how
/// many such caches there are leaves one of unknown sharing out.
struct ListedCache {
    int level = 0;
    std::string type;        ///< "Data", "Instruction", "Unified"
    std::int64_t bytes = 0;  ///< of the whole cache, not of one processor's share
    int processors = 0;      ///< that share it

    bool holds_data() const { return type != "Instruction"; }
};

/// Small ordinary caches of server cores: what to assume where level 1 or 2 is unknown. A tile that is made for them
/// wastes little of a larger cache, while one that is too large would leave its cache.
inline constexpr std::int64_t kAssumedLevel1Bytes = std::int64_t{32} << 10;
inline constexpr std::int64_t kAssumedLevel2Bytes = std::int64_t{512} << 10;
/// More than most last levels have, for one who wants to leave all caches: they are assumed to be no smaller, listed or
/// not, because a virtual machine may list fewer levels than there are.
inline constexpr std::int64_t kAssumedLargestBytes = std::int64_t{32} << 20;

/// The name of this machine: HEADCOUNT_HOST where it is set, for one whose own name changes, as a container's does;
/// else what the system says; "unknown" where it says nothing.
std::string host_name();

/// How many processors a list of the kernel names, "0-3,8"; 0 where it is none ("unavailable: ...").
int processors_in(std::string_view list);

/// What the kernel lists below `root`/sys, in its order; empty where it lists none.
std::vector<ListedCache> listed_caches(const std::filesystem::path& root = "/");

/// One cache as CPUID describes it, in the registers of leaf 4 (Intel) or 0x8000001D (AMD). Level 0: no cache. How many
/// processors share it is the most that the numbering of processors has room for.
ListedCache cache_of_cpuid(std::uint32_t eax, std::uint32_t ebx, std::uint32_t ecx);

/// Caches, and who said so.
struct KnownCaches {
    std::vector<ListedCache> caches;
    std::string source;  ///< "files", "sysconf, CPUID; sharing by CPUID" ...; "" where there are none
};

/// From what three sources say, the better first: the files of the kernel; the C library, which knows no sharing; the
/// processor. Where the files give no data cache a size, the levels are those of the other two. A size or sharing that
/// one does not know is taken from the next that does. Where nobody knows a sharing, levels 1 and 2 are assumed to be
/// of one processor each and further ones of all `processors`, and the source says so.
KnownCaches merged_caches(const std::vector<ListedCache>& files, const std::vector<ListedCache>& c_library,
                          const std::vector<ListedCache>& cpuid, int processors);

/// Those of this machine, with the files below `root`/sys.
KnownCaches known_caches(const std::filesystem::path& root);
/// The same of this machine's own files, read once.
const KnownCaches& known_caches();
inline const std::vector<ListedCache>& machine_caches() { return known_caches().caches; }

/// Bytes of the data cache of a level; 0 where unknown.
std::int64_t data_cache_bytes(const std::vector<ListedCache>& caches, int level);
/// Bytes of the largest data cache; 0 where all are unknown.
std::int64_t largest_data_cache_bytes(const std::vector<ListedCache>& caches);

}  // namespace headcount
