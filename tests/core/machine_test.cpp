// The caches that a kernel lists, and what is made of a list that does not say everything.
#include "harness/core/machine.hpp"

#include <fstream>

#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace headcount;

namespace {

/// A /sys with one cache after the other.
class Listing {
public:
    const std::filesystem::path& root() const { return scratch_.dir; }

    void add(const std::string& level, const std::string& type, const std::string& size, const std::string& shared) {
        const auto cache = root() / "sys/devices/system/cpu/cpu0/cache" / ("index" + std::to_string(next_++));
        std::filesystem::create_directories(cache);
        std::ofstream(cache / "level") << level << '\n';
        std::ofstream(cache / "type") << type << '\n';
        if (!size.empty()) std::ofstream(cache / "size") << size << '\n';
        if (!shared.empty()) std::ofstream(cache / "shared_cpu_list") << shared << '\n';
    }

private:
    testing::Scratch scratch_;
    int next_ = 0;
};

std::int64_t bytes_of(const std::string& size) {
    Listing listing;
    listing.add("1", "Data", size, "0");
    return listed_caches(listing.root()).at(0).bytes;
}

int processors_of(const std::string& shared) {
    Listing listing;
    listing.add("1", "Data", "32K", shared);
    return listed_caches(listing.root()).at(0).processors;
}

}  // namespace

TEST_CASE("a machine's caches, as the kernel lists them") {
    Listing listing;
    listing.add("1", "Data", "48K", "0,64");
    listing.add("1", "Instruction", "64K", "0,64");
    listing.add("2", "Unified", "2M", "0-3,64-67");
    listing.add("3", "Unified", "105M", "0-31,64-95");
    const std::vector<ListedCache> caches = listed_caches(listing.root());
    REQUIRE(caches.size() == 4);
    CHECK(caches[0].level == 1);
    CHECK(caches[0].type == "Data");
    CHECK(caches[0].processors == 2);
    CHECK(!caches[1].holds_data());
    CHECK(caches[2].processors == 8);
    CHECK(caches[3].processors == 64);
    CHECK(data_cache_bytes(caches, 1) == 48 << 10);
    CHECK(data_cache_bytes(caches, 2) == 2 << 20);
    CHECK(data_cache_bytes(caches, 4) == 0);
    CHECK(largest_data_cache_bytes(caches) == 105 << 20);
}

TEST_CASE("sizes of caches have a suffix or none") {
    CHECK(bytes_of("32K") == 32 << 10);
    CHECK(bytes_of("1024K") == 1 << 20);
    CHECK(bytes_of("32M") == 32 << 20);
    CHECK(bytes_of("1G") == std::int64_t{1} << 30);
    CHECK(bytes_of("65536") == 65536);
}

TEST_CASE("what a kernel does not say of a cache is unknown") {
    for (const char* size : {"", "K", "-1K", "32X", "32KB", "9999999999999999999K", "9000000000000000000M"}) {
        INFO(size);
        CHECK(bytes_of(size) == 0);
    }
    for (const char* shared : {"", "none", "3-1", "0-", "-1", "0-1-2", "0;1"}) {
        INFO(shared);
        CHECK(processors_of(shared) == 0);
    }
    CHECK(listed_caches("/no/such/root").empty());
    CHECK(data_cache_bytes({}, 1) == 0);
    CHECK(largest_data_cache_bytes({}) == 0);
}

TEST_CASE("a cache of instructions holds no data, and one of unknown size is passed over") {
    const std::vector<ListedCache> caches{{.level = 1, .type = "Instruction", .bytes = 64 << 10, .processors = 1},
                                          {.level = 1, .type = "Data", .bytes = 0, .processors = 1},
                                          {.level = 1, .type = "Data", .bytes = 32 << 10, .processors = 1}};
    CHECK(data_cache_bytes(caches, 1) == 32 << 10);
    CHECK(largest_data_cache_bytes(caches) == 32 << 10);
}

TEST_CASE("this machine's caches: those that the kernel lists, where it lists sizes") {
    const std::vector<ListedCache> listed = listed_caches();
    const std::int64_t largest = largest_data_cache_bytes(listed);
    if (largest > 0) {
        CHECK(machine_caches().size() == listed.size());
        CHECK(largest_data_cache_bytes(machine_caches()) == largest);
    }
    for (const ListedCache& cache : machine_caches()) {
        INFO("L" << cache.level << ' ' << cache.type);
        CHECK(cache.bytes >= 0);
        CHECK(cache.processors >= 0);
    }
}
