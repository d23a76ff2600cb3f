// Several libraries that define the same names in one program: which of them runs, and on how many threads.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include "harness/backend/all.hpp"
#include "harness/backend/libraries/cblas.hpp"
#include "harness/backend/libraries/library_backend.hpp"
#include "harness/core/names.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

const BackendInfo& backend_named(const std::string& name) { return find_named(all_backends(), name, "backend"); }

std::string fact(const std::string& backend, const std::string& key) {
    for (const auto& [name, value] : backend_named(backend).facts()) {
        if (name == key) return value;
    }
    return "";
}

Tensor matrix(std::vector<float>& data, std::int64_t heads, std::int64_t rows, std::int64_t cols) {
    Tensor t = dense(nullptr, DType::f32, {1, heads, 1, rows, cols});
    data.assign(static_cast<std::size_t>(t.elements()), 1.0F);
    t.data = data.data();
    return t;
}

/// The functions that calls of `name` inside the loaded file go to, read from the table that its calls jump through.
std::vector<const void*> targets_of_calls(const std::string& file, const char* name) {
    void* const handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_NOLOAD);
    REQUIRE(handle != nullptr);
    link_map* map = nullptr;
    REQUIRE(::dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0);
    const ElfW(Rela)* calls = nullptr;
    std::size_t bytes = 0;
    const ElfW(Sym)* symbols = nullptr;
    const char* strings = nullptr;
    for (const ElfW(Dyn)* entry = map->l_ld; entry->d_tag != DT_NULL; ++entry) {
        if (entry->d_tag == DT_JMPREL) calls = reinterpret_cast<const ElfW(Rela)*>(entry->d_un.d_ptr);
        if (entry->d_tag == DT_PLTRELSZ) bytes = entry->d_un.d_val;
        if (entry->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const ElfW(Sym)*>(entry->d_un.d_ptr);
        if (entry->d_tag == DT_STRTAB) strings = reinterpret_cast<const char*>(entry->d_un.d_ptr);
    }
    std::vector<const void*> targets;
    for (std::size_t i = 0; i < bytes / sizeof(ElfW(Rela)); ++i) {
        if (std::string(strings + symbols[ELF64_R_SYM(calls[i].r_info)].st_name) != name) continue;
        targets.push_back(*reinterpret_cast<const void* const*>(map->l_addr + calls[i].r_offset));
    }
    ::dlclose(handle);
    return targets;
}

std::size_t threads_of_process() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

}  // namespace

TEST_CASE("two libraries with the same names each run their own code, whichever was loaded first") {
    const CblasLibrary twice(HEADCOUNT_FAKE_CBLAS_2), thrice(HEADCOUNT_FAKE_CBLAS_3);
    for (const float factor : {3.0F, 2.0F, 3.0F}) {
        const CblasLibrary* const library = factor == 2 ? &twice : &thrice;
        REQUIRE(library->missing().empty());
        auto* const calls = library->symbols().function<int()>("fake_calls");
        const int before = calls();
        std::vector<float> a, b, c;
        const Tensor product = matrix(c, 3, 4, 6);
        const auto backend = make_cblas_backend(*library, {.num_threads = 1});
        backend->matmul("x", matrix(a, 3, 4, 5), matrix(b, 3, 5, 6), product);
        CHECK(calls() == before + 1 + 3);
        CHECK(std::all_of(c.begin(), c.end(), [&](float x) { return x == factor * 5; }));
    }
    CHECK(twice.file() != thrice.file());
}

TEST_CASE("a library without a control of its threads has its rows split instead, each row computed once") {
    const CblasLibrary library(HEADCOUNT_FAKE_CBLAS_2);
    REQUIRE_FALSE(library.threads_inside());
    for (const std::int64_t rows : {1, 31, 32, 97}) {
        std::vector<float> a, b, c;
        const Tensor product = matrix(c, 1, rows, 3);
        auto* const calls = library.symbols().function<int()>("fake_calls");
        const int before = calls();
        make_cblas_backend(library, {.num_threads = 3})
            ->matmul("x", matrix(a, 1, rows, 5), matrix(b, 1, 5, 3), product);
        CHECK(std::all_of(c.begin(), c.end(), [](float x) { return x == 10; }));
        CHECK(calls() - before - 1 <= std::max<std::int64_t>(1, std::min<std::int64_t>(3, rows / 16)));
    }
}

TEST_CASE("what is no CBLAS is missing with a reason that names it") {
    CHECK_THAT(CblasLibrary("/no/such/library.so").missing(), Catch::Contains("/no/such/library.so"));
    CHECK_THAT(CblasLibrary("libm.so.6").missing(), Catch::Contains("libm.so.6 has no cblas_sgemm"));
}

TEST_CASE("every CBLAS calls the products of its own file, and no two of them are one") {
    std::vector<std::string> files;
    for (const char* name : {"blas", "blis", "cblas"}) {
        if (!backend_named(name).missing.empty()) continue;
        INFO(name);
        const std::string file = fact(name, "file");
        const std::vector<const void*> targets = targets_of_calls(file, "sgemm_");
        for (const void* target : targets) CHECK(file_of(target) == file);
        // BLIS's cblas_sgemm goes through this table, OpenBLAS's does not: without a call the loop above saw nothing.
        if (std::string(name) == "blis") CHECK_FALSE(targets.empty());
        files.push_back(file);
    }
    std::sort(files.begin(), files.end());
    CHECK(std::adjacent_find(files.begin(), files.end()) == files.end());
}

TEST_CASE("a product takes no more threads than it was given, from any library, and uses them") {
    for (const char* name : {"onednn", "blis"}) {
        if (!backend_named(name).missing.empty()) continue;
        for (const int count : {1, 2, 3}) {
            INFO(name << " with " << count << " threads");
            std::vector<float> a, b, c, more;
            std::size_t grown = 0;
            // A thread of its own: OpenMP starts a team for each thread that asks, so nothing is left of other tests.
            std::thread([&] {
                const std::size_t before = threads_of_process();
                const auto backend = backend_named(name).make({.num_threads = count});
                backend->matmul("x", matrix(a, 1, 513, 513), matrix(b, 1, 513, 513), matrix(c, 1, 513, 513));
                grown = threads_of_process() - before;
            }).join();
            CHECK(grown <= static_cast<std::size_t>(count - 1));  // a library may find fewer worth it
            CHECK((grown > 0) == (count > 1));
            CHECK(std::all_of(c.begin(), c.end(), [](float x) { return x == 513; }));
        }
    }
}
