#include "harness/core/machine.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>

#include <sys/utsname.h>
#include <unistd.h>

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

/// How many processors "0-3,8" names.
int processors_in(const std::string& list) {
    std::int64_t sum = 0;
    std::istringstream parts(list);
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

}  // namespace

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

const std::vector<ListedCache>& machine_caches() {
    static const std::vector<ListedCache> caches = [] {
        std::vector<ListedCache> listed = listed_caches();
        return largest_data_cache_bytes(listed) > 0 ? listed : caches_of_the_c_library();
    }();
    return caches;
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
