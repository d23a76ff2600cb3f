// The machine's limits: which there are, that they are numbers, and the caches they are taken in. No bar on a rate.
#include "harness/measure/limits/limits.hpp"

#include <cmath>
#include <set>
#include <string>

#include "harness/backend/simd/kernels.hpp"
#include "harness/measure/limits/caches.hpp"
#include "harness/measure/limits/gemm.hpp"
#include "harness/measure/limits/windows.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using limits::Cache;
using limits::caches_of;

namespace {

std::set<std::string> names_for(int threads, bool all) {
    std::set<std::string> names{"fma_gflops.f32", "fma_gflops.f64", "fma_gflops.bf16",
                                "exp_gops.f32",   "exp2_gops.f32",  "read_gbps"};
    for (const std::string& target : simd::runnable_targets()) names.insert("fma_gflops.f32." + target);
    std::int64_t nearer = 0;
    for (const Cache& cache : limits::caches(threads)) {
        names.insert("cache_bytes." + cache.name);
        if (cache.share / 2 > nearer) names.insert("read_gbps." + cache.name);
        nearer = cache.share;
    }
    if (all) {
        names.insert({"write_gbps", "copy_gbps", "triad_gbps"});
        if (limits::gemm_missing().empty()) {
            for (const limits::GemmShape& shape : limits::gemm_shapes()) names.insert("gemm_gflops.f32." + shape.name);
        }
    }
    std::set<std::string> keys;
    for (const std::string& name : names) keys.insert(name + ".threads=" + std::to_string(threads));
    return keys;
}

void check_keys_and_numbers(const std::map<std::string, double>& limits, const std::set<std::string>& expected) {
    std::set<std::string> keys;
    for (const auto& [key, value] : limits) {
        INFO(key);
        CHECK(std::isfinite(value));
        CHECK(value > 0);
        keys.insert(key);
    }
    CHECK(keys == expected);
}

}  // namespace

TEST_CASE("a run's limits: the keys that bounds rest on, for every number of threads asked for") {
    const std::string before = simd::target_name();
    std::set<std::string> expected = names_for(1, false);
    expected.merge(names_for(2, false));
    check_keys_and_numbers(measure_limits({1, 2}), expected);
    CHECK(simd::target_name() == before);  // each instruction set was forced in turn
}

TEST_CASE("all limits: streams, and products where a BLAS is linked") {
    check_keys_and_numbers(measure_limits({1}, LimitSet::all), names_for(1, true));
}

TEST_CASE("a sustained rate is the median over windows of what all threads did together") {
    long calls = 0;
    const limits::Work work = [&](long times) {
        volatile double x = 1;
        for (long i = 0; i < 1000 * times; ++i) x = x * 1.0000001;
        ++calls;
        return static_cast<double>(times);
    };
    CHECK(limits::sustained_rate({work}, 3) > 0);
    CHECK(calls >= 4);  // finding the length of a window, then three of them
}

TEST_CASE("caches: data only, nearest first, growing, as many as threads can use") {
    const std::vector<ListedCache> listed{{.level = 3, .type = "Unified", .bytes = 32 << 20, .processors = 4},
                                          {.level = 1, .type = "Data", .bytes = 48 << 10, .processors = 1},
                                          {.level = 1, .type = "Instruction", .bytes = 32 << 10, .processors = 1},
                                          {.level = 2, .type = "Unified", .bytes = 1 << 20, .processors = 2}};
    const std::vector<Cache> one = caches_of(listed, 8, 1);
    REQUIRE(one.size() == 3);
    CHECK(one[0].name == "L1");
    CHECK(one[0].bytes == 48 << 10);
    CHECK(one[2].name == "L3");
    CHECK(one[2].bytes == 32 << 20);

    const std::vector<Cache> eight = caches_of(listed, 8, 8);
    CHECK(eight[0].bytes == 8 * (48 << 10));
    CHECK(eight[1].bytes == 4 * (1 << 20));  // two processors to a cache
    CHECK(eight[1].share == (1 << 20) / 2);
    CHECK(eight[2].bytes == 2 * (32 << 20));
}

TEST_CASE(
    "caches that nobody listed, of unknown size or sharing, or that are no larger than the one before, are none") {
    CHECK(caches_of({}, 2, 1).empty());
    const auto unified = [](int level, std::int64_t bytes, int processors) {
        return ListedCache{.level = level, .type = "Unified", .bytes = bytes, .processors = processors};
    };
    CHECK(caches_of({unified(1, 0, 1)}, 2, 1).empty());
    CHECK(caches_of({unified(1, 1 << 20, 0)}, 2, 1).empty());  // how many there are is not known
    const std::vector<Cache> victim = caches_of({unified(1, 1 << 20, 1), unified(2, 1 << 20, 1)}, 0, 1);
    REQUIRE(victim.size() == 1);
    CHECK(victim[0].name == "L1");
}

TEST_CASE("this machine's caches grow from level to level") {
    for (const int threads : {1, 2, 64}) {
        std::int64_t before = 0;
        for (const Cache& cache : limits::caches(threads)) {
            INFO(cache.name << " with " << threads << " threads");
            CHECK(cache.bytes > before);
            CHECK(cache.share > 0);
            before = cache.bytes;
        }
    }
}
