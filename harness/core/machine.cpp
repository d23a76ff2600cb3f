#include "harness/core/machine.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <sstream>
#include <string_view>
#include <utility>

#include <sys/utsname.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace headcount {
namespace {

namespace fs = std::filesystem;

/// The first word of a file; "" where it cannot be read.
std::string word_in(const fs::path& path) {
    std::ifstream file(path);
    std::string word;
    file >> word;
    return word;
}

/// Takes the number that `text` begins with off it; -1 where it begins with none.
std::int64_t take_number(std::string_view& text) {
    std::int64_t number = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return -1;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

/// "32768", "32K", "1M", "1G".
std::int64_t bytes_in(std::string_view text) {
    const std::int64_t number = take_number(text);
    constexpr std::int64_t kMost = std::int64_t{1} << 32;  // 4 EiB in G
    if (number < 0 || number > kMost) return 0;
    if (text.empty()) return number;
    if (text == "K") return number << 10;
    if (text == "M") return number << 20;
    return text == "G" ? number << 30 : 0;
}

std::vector<ListedCache> caches_of_the_c_library() {
    std::vector<ListedCache> known;
#ifdef _SC_LEVEL1_DCACHE_SIZE
    const auto add = [&](int level, const char* type, int name) {
        if (const long bytes = ::sysconf(name); bytes > 0) known.push_back({level, type, bytes, 0});
    };
    add(1, "Data", _SC_LEVEL1_DCACHE_SIZE);
    add(2, "Unified", _SC_LEVEL2_CACHE_SIZE);
    // Not level 3: in a virtual machine the C library has been seen to give ten times what the kernel lists.
#endif
    return known;
}

std::vector<ListedCache> caches_of_the_processor() {
    std::vector<ListedCache> known;
#if defined(__x86_64__) || defined(__i386__)
    for (const unsigned leaf : {4U, 0x8000001DU}) {
        constexpr unsigned kMostCaches = 16;
        for (unsigned index = 0; index < kMostCaches; ++index) {
            unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
            if (__get_cpuid_count(leaf, index, &eax, &ebx, &ecx, &edx) == 0) break;
            const ListedCache cache = cache_of_cpuid(eax, ebx, ecx);
            if (cache.level == 0) break;
            known.push_back(cache);
        }
        if (!known.empty()) return known;
    }
#endif
    return known;
}

const ListedCache* find_cache(const std::vector<ListedCache>& caches, const ListedCache& like) {
    const auto found = std::ranges::find_if(
        caches, [&](const ListedCache& c) { return c.level == like.level && c.type == like.type; });
    return found == caches.end() ? nullptr : &*found;
}

/// Takes `number` of the same cache from the first source that knows it. The source's name; "" where none does.
template <class Number>
std::string fill(ListedCache& cache, Number ListedCache::*number,
                 std::initializer_list<std::pair<const char*, const std::vector<ListedCache>*>> sources) {
    for (const auto& [name, caches] : sources) {
        const ListedCache* there = find_cache(*caches, cache);
        if (there == nullptr || there->*number <= 0) continue;
        cache.*number = there->*number;
        return name;
    }
    return {};
}

/// "files, CPUID", each once.
void add_source(std::string& sources, const std::string& name) {
    if (name.empty() || sources.find(name) != std::string::npos) return;
    sources += (sources.empty() ? "" : ", ") + name;
}

}  // namespace

int processors_in(std::string_view list) {
    std::int64_t sum = 0;
    std::istringstream parts{std::string(list)};
    for (std::string part; std::getline(parts, part, ',');) {
        std::string_view rest = part;
        const std::int64_t first = take_number(rest);
        std::int64_t last = first;
        if (rest.starts_with('-')) {
            rest.remove_prefix(1);
            last = take_number(rest);
        }
        if (first < 0 || last < first || !rest.empty()) return 0;
        sum += last - first + 1;
    }
    return static_cast<int>(sum);
}

std::string host_name() {
    if (const char* chosen = std::getenv("HEADCOUNT_HOST"); chosen != nullptr && *chosen != '\0') return chosen;
    utsname system{};
    return ::uname(&system) == 0 ? system.nodename : "unknown";
}

std::vector<ListedCache> listed_caches(const fs::path& root) {
    std::vector<ListedCache> caches;
    for (int index = 0;; ++index) {
        const fs::path cache = root / "sys/devices/system/cpu/cpu0/cache" / ("index" + std::to_string(index));
        if (!fs::exists(cache)) return caches;
        caches.push_back({.level = static_cast<int>(bytes_in(word_in(cache / "level"))),
                          .type = word_in(cache / "type"),
                          .bytes = bytes_in(word_in(cache / "size")),
                          .processors = processors_in(word_in(cache / "shared_cpu_list"))});
    }
}

ListedCache cache_of_cpuid(std::uint32_t eax, std::uint32_t ebx, std::uint32_t ecx) {
    const std::uint32_t type = eax & 0x1F;
    if (type < 1 || type > 3) return {};
    const std::int64_t ways = (ebx >> 22) + 1, partitions = ((ebx >> 12) & 0x3FF) + 1, line_bytes = (ebx & 0xFFF) + 1;
    return {.level = static_cast<int>((eax >> 5) & 0x7),
            .type = type == 1   ? "Data"
                    : type == 2 ? "Instruction"
                                : "Unified",
            .bytes = ways * partitions * line_bytes * (std::int64_t{ecx} + 1),
            .processors = static_cast<int>((eax >> 14) & 0xFFF) + 1};
}

KnownCaches merged_caches(const std::vector<ListedCache>& files, const std::vector<ListedCache>& c_library,
                          const std::vector<ListedCache>& cpuid, int processors) {
    KnownCaches known;
    if (largest_data_cache_bytes(files) > 0) {
        known.caches = files;
    } else {
        known.caches = cpuid;
        for (const ListedCache& cache : c_library) {
            if (find_cache(cpuid, cache) == nullptr) known.caches.push_back(cache);
        }
        std::ranges::stable_sort(known.caches, {}, &ListedCache::level);
        for (ListedCache& cache : known.caches) cache.bytes = cache.processors = 0;  // each source in its turn
    }
    std::string sharing;
    bool assumed = false;
    for (ListedCache& cache : known.caches) {
        add_source(known.source,
                   fill(cache, &ListedCache::bytes, {{"files", &files}, {"sysconf", &c_library}, {"CPUID", &cpuid}}));
        const std::string by = fill(cache, &ListedCache::processors, {{"files", &files}, {"CPUID", &cpuid}});
        add_source(sharing, by);
        if (!by.empty()) continue;
        constexpr int kLastOfOneProcessor = 2;
        cache.processors = cache.level <= kLastOfOneProcessor ? 1 : std::max(1, processors);
        assumed = true;
    }
    if (known.caches.empty()) return known;
    if (assumed) add_source(sharing, "assumption");
    if (sharing != known.source) known.source += "; sharing by " + sharing;
    return known;
}

KnownCaches known_caches(const fs::path& root) {
    return merged_caches(listed_caches(root), caches_of_the_c_library(), caches_of_the_processor(),
                         static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)));
}

const KnownCaches& known_caches() {
    static const KnownCaches known = known_caches("/");
    return known;
}

std::int64_t data_cache_bytes(const std::vector<ListedCache>& caches, int level) {
    const auto found = std::ranges::find_if(
        caches, [&](const ListedCache& c) { return c.level == level && c.holds_data() && c.bytes > 0; });
    return found == caches.end() ? 0 : found->bytes;
}

std::int64_t largest_data_cache_bytes(const std::vector<ListedCache>& caches) {
    std::int64_t largest = 0;
    for (const ListedCache& cache : caches) {
        if (cache.holds_data()) largest = std::max(largest, cache.bytes);
    }
    return largest;
}

}  // namespace headcount
