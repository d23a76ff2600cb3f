// Which machines, programs and libraries are one: for going on, and for merging.
#include "harness/journal/machine_kind.hpp"

#include <string>
#include <utility>
#include <vector>

#include "tests/catch.hpp"

using namespace headcount;

namespace {

const Environment kHere{{"cpu.model", "a processor"},
                        {"cpu.mhz", "2596"},
                        {"host", "vm"},
                        {"kernel", "Linux 6"},
                        {"libc", "glibc 2.36"},
                        {"commit", "abc"},
                        {"load", "0.1"},
                        {"memory.available", "1 kB"},
                        {"blas.file", "/usr/lib/libopenblas.so"},
                        {"blas.openblas.core", "Zen"},
                        {"blas.openblas.version", "0.3.21"},
                        {"cblas.library", "unavailable: no library was named"},
                        {"engine.torch", "torch 2.13"},
                        {"engine.onnx", "missing: no such module"}};

Environment with(const std::string& name, const std::string& value) {
    Environment environment = kHere;
    environment[name] = value;
    return environment;
}

std::vector<std::string> names(const std::vector<DifferingFact>& facts) {
    std::vector<std::string> result;
    for (const DifferingFact& fact : facts) result.push_back(fact.name);
    return result;
}

}  // namespace

TEST_CASE("another processor, program, library, engine or file of a library is another kind, for both alike") {
    const std::vector<std::pair<std::string, std::string>> changes{{"cpu.model", "another"},
                                                                   {"libc", "glibc 2.40"},
                                                                   {"commit", "def"},
                                                                   {"blas.openblas.core", "Haswell"},
                                                                   {"blas.openblas.version", "0.3.26"},
                                                                   {"blas.file", "/opt/lib/libopenblas.so"},
                                                                   {"blas.new_fact", "since this version"},
                                                                   {"engine.torch", "torch 2.14"}};
    for (const auto& [name, value] : changes) {
        INFO(name);
        CHECK(names(differing_kind(kHere, with(name, value))) == std::vector<std::string>{name});
        CHECK(names(differing_machine(kHere, with(name, value))) == std::vector<std::string>{name});
    }
}

TEST_CASE("another place keeps a run from going on, and rounds from nothing") {
    for (const char* name : {"host", "kernel", "cpu.affinity", "pinning"}) {
        INFO(name);
        CHECK(differing_kind(kHere, with(name, "another")).empty());
        CHECK(names(differing_machine(kHere, with(name, "another"))) == std::vector<std::string>{name});
    }
}

TEST_CASE("what is of the moment makes no difference") {
    for (const char* name : {"cpu.mhz", "load", "memory.available"}) {
        INFO(name);
        CHECK(differing_machine(kHere, with(name, "another")).empty());
    }
}

TEST_CASE("a library or engine that was missing makes no difference when it comes, or when it goes") {
    Environment now = kHere;
    now["engine.onnx"] = "onnx 1.27";
    now.erase("cblas.library");
    now["cblas.file"] = "/usr/lib/libcblas.so";
    now["cblas.threads"] = "by openblas_set_num_threads";
    CHECK(differing_machine(kHere, now).empty());
    CHECK(differing_machine(now, kHere).empty());
    CHECK(installed_since(kHere, now) == Environment{{"engine.onnx", "onnx 1.27"},
                                                     {"cblas.file", "/usr/lib/libcblas.so"},
                                                     {"cblas.threads", "by openblas_set_num_threads"}});
    CHECK(installed_since(now, kHere).empty());
}

TEST_CASE("machine and build identify a run, the moment does not") {
    CHECK(identity(kHere) == identity(with("load", "99")));
    CHECK(identity(kHere) != identity(with("cpu.model", "another")));
    CHECK(identity(kHere) != identity(with("blas.openblas.core", "another")));
}
