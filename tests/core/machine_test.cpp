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
        CHECK(cache.processors > 0);  // known or assumed: no bound is without it
    }
}

TEST_CASE("CPUID's registers of known processors") {
    // Leaf 4 of an Intel Ice Lake server: 48 KiB, 12 ways; 1.25 MiB, 20 ways; 54 MiB over 64 numbers of processors.
    const ListedCache first = cache_of_cpuid(0x04004121, 0x02C0003F, 63);
    CHECK(first.level == 1);
    CHECK(first.type == "Data");
    CHECK(first.bytes == 48 << 10);
    CHECK(first.processors == 2);
    const ListedCache second = cache_of_cpuid(0x04004143, 0x04C0003F, 1023);
    CHECK(second.type == "Unified");
    CHECK(second.bytes == 1280 << 10);
    // Leaf 0x8000001D of an AMD EPYC: 32 MiB, 16 ways, shared by 16.
    const ListedCache third = cache_of_cpuid(0x0003C163, 0x03C0003F, 32767);
    CHECK(third.level == 3);
    CHECK(third.bytes == 32 << 20);
    CHECK(third.processors == 16);
    CHECK(cache_of_cpuid(0, 0, 0).level == 0);  // no more caches
}

TEST_CASE("one list of caches from three sources, each asked for what the better ones do not know") {
    using Caches = std::vector<ListedCache>;
    const Caches files{{1, "Data", 48 << 10, 2}, {1, "Instruction", 32 << 10, 2}, {2, "Unified", 2 << 20, 2}};
    const Caches c_library{{1, "Data", 32 << 10, 0}, {2, "Unified", 1 << 20, 0}};
    const Caches cpuid{{1, "Data", 32 << 10, 1}, {2, "Unified", 512 << 10, 2}, {3, "Unified", 32 << 20, 8}};
    struct Kind {
        const char* name;
        Caches files, c_library, cpuid;
        const char* source;
        std::int64_t level2, largest;
        std::vector<int> sharing;  ///< of all, in order
    };
    Caches no_sharing = files, no_sizes = files, one_size = files;
    for (ListedCache& cache : no_sharing) cache.processors = 0;
    for (ListedCache& cache : no_sizes) cache.bytes = 0;
    one_size[2].bytes = 0;
    const Caches third{{1, "Data", 48 << 10, 1}, {3, "Unified", 9 << 20, 0}};
    for (const Kind& kind : std::vector<Kind>{
             {"the kernel lists all", files, c_library, cpuid, "files", 2 << 20, 2 << 20, {2, 2, 2}},
             {"no files", {}, c_library, cpuid, "sysconf, CPUID; sharing by CPUID", 1 << 20, 32 << 20, {1, 2, 8}},
             {"nothing but the C library",
              {},
              c_library,
              {},
              "sysconf; sharing by assumption",
              1 << 20,
              1 << 20,
              {1, 1}},
             {"nothing but the processor", {}, {}, cpuid, "CPUID", 512 << 10, 32 << 20, {1, 2, 8}},
             {"files without sharing",
              no_sharing,
              c_library,
              cpuid,
              "files; sharing by CPUID, assumption",
              2 << 20,
              2 << 20,
              {1, 1, 2}},
             {"files without sizes",
              no_sizes,
              c_library,
              cpuid,
              "sysconf, CPUID; sharing by files, CPUID",
              1 << 20,
              32 << 20,
              {2, 2, 8}},
             {"one size is missing",
              one_size,
              c_library,
              cpuid,
              "files, sysconf; sharing by files",
              1 << 20,
              1 << 20,
              {2, 2, 2}},
             {"a last level of unknown sharing",
              third,
              {},
              {},
              "files; sharing by files, assumption",
              0,
              9 << 20,
              {1, 4}},
             {"nobody knows", {}, {}, {}, "", 0, 0, {}},
         }) {
        INFO(kind.name);
        const KnownCaches known = merged_caches(kind.files, kind.c_library, kind.cpuid, 4);
        CHECK(known.source == kind.source);
        CHECK(data_cache_bytes(known.caches, 2) == kind.level2);
        CHECK(largest_data_cache_bytes(known.caches) == kind.largest);
        REQUIRE(known.caches.size() == kind.sharing.size());
        for (std::size_t i = 0; i < known.caches.size(); ++i) CHECK(known.caches[i].processors == kind.sharing[i]);
    }
}

TEST_CASE("a machine that lists no caches in files still knows this processor's") {
    const KnownCaches here = known_caches(), without = known_caches("/no/such/root");
    if (without.caches.empty()) return;  // neither sysconf nor CPUID: an Arm machine
    CHECK(without.source.find("files") == std::string::npos);
    for (const ListedCache& cache : without.caches) {
        INFO("L" << cache.level << ' ' << cache.type);
        CHECK(cache.bytes > 0);
        CHECK(cache.processors > 0);
    }
    if (here.source == "files") CHECK(data_cache_bytes(without.caches, 1) == data_cache_bytes(here.caches, 1));
}
