#include "harness/measure/limits/caches.hpp"

#include <algorithm>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

namespace headcount::limits {

std::vector<Cache> caches_of(const std::vector<ListedCache>& listed, int processors, int threads) {
    std::vector<ListedCache> data;
    std::ranges::copy_if(listed, std::back_inserter(data),
                         [](const ListedCache& c) { return c.holds_data() && c.bytes > 0 && c.processors > 0; });
    std::ranges::stable_sort(data, {}, &ListedCache::level);
    std::vector<Cache> found;
    std::int64_t before = 0;
    for (const ListedCache& cache : data) {
        const int instances = std::max(1, (processors + cache.processors - 1) / cache.processors);
        const std::int64_t bytes = cache.bytes * std::min(threads, instances);
        if (bytes <= before) continue;
        before = bytes;
        found.push_back({.name = fmt::format("L{}", cache.level), .bytes = bytes, .share = bytes / threads});
    }
    return found;
}

std::vector<Cache> caches(int threads) {
    return caches_of(machine_caches(), benchmark::CPUInfo::Get().num_cpus, threads);
}

}  // namespace headcount::limits
