// Variables of libraries: what workers and engines get whatever stands in our environment, and what is recorded of it.
#include "harness/core/library_variables.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/journal/machine_kind.hpp"
#include "harness/measure/machine/environment.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

/// A variable of this process while it lives.
class Variable {
public:
    Variable(std::string name, const std::string& value) : name_(std::move(name)) {
        if (const char* before = std::getenv(name_.c_str())) before_ = before;
        ::setenv(name_.c_str(), value.c_str(), 1);
    }
    ~Variable() {
        if (before_) {
            ::setenv(name_.c_str(), before_->c_str(), 1);
        } else {
            ::unsetenv(name_.c_str());
        }
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    std::string name_;
    std::optional<std::string> before_;
};

/// Its value in "NAME=value" of a child; none where it is not there. A name stands there once.
std::optional<std::string> value_in(const std::vector<std::string>& variables, const std::string& name) {
    std::optional<std::string> found;
    for (const std::string& variable : variables) {
        if (!variable.starts_with(name + "=")) continue;
        CHECK_FALSE(found.has_value());
        found = variable.substr(name.size() + 1);
    }
    return found;
}

struct Member {
    const char *name, *value;
    std::optional<std::string> in_workers, in_engines;  ///< of two threads
    const char* recorded;
};

/// At least one of each library and of each fate, and of each prefix one that nobody has thought of.
std::vector<Member> members() {
    const std::optional<std::string> none;
    return {
        {"BENCHMARK_REPETITIONS", "3", none, none, "cleared, was 3"},
        {"BENCHMARK_FORMAT", "json", none, none, "cleared, was json"},
        {"BENCHMARK_NO_SUCH_FLAG_YET", "1", none, none, "cleared, was 1"},
        {"OMP_NUM_THREADS", "64", none, "2", "set to num_threads for engines, was 64"},
        {"OMP_WAIT_POLICY", "ACTIVE", "PASSIVE", "PASSIVE", "set to PASSIVE, was ACTIVE"},
        {"OMP_PROC_BIND", "true", none, none, "cleared, was true"},
        {"GOMP_CPU_AFFINITY", "0", none, none, "cleared, was 0"},
        {"KMP_AFFINITY", "verbose", none, none, "cleared, was verbose"},
        {"KMP_BLOCKTIME", "infinite", "0", "0", "set to 0, was infinite"},
        {"OPENBLAS_CORETYPE", "Haswell", "Haswell", "Haswell", "Haswell"},
        {"OPENBLAS_NUM_THREADS", "1", none, "2", "set to num_threads for engines, was 1"},
        {"OPENBLAS_VERBOSE", "2", none, none, "cleared, was 2"},
        {"GOTO_NUM_THREADS", "1", none, none, "cleared, was 1"},
        {"BLIS_ARCH_TYPE", "zen", "zen", "zen", "zen"},
        {"BLIS_JC_NT", "2", none, none, "cleared, was 2"},
        {"MKL_VERBOSE", "1", none, none, "cleared, was 1"},
        {"MKL_ENABLE_INSTRUCTIONS", "AVX2", "AVX2", "AVX2", "AVX2"},
        {"ONEDNN_VERBOSE", "1", none, none, "cleared, was 1"},
        {"DNNL_JIT_DUMP", "1", none, none, "cleared, was 1"},
        {"ONEDNN_MAX_CPU_ISA", "AVX2", "AVX2", "AVX2", "AVX2"},
        {"MALLOC_PERTURB_", "7", none, none, "cleared, was 7"},
        {"GLIBC_TUNABLES", "glibc.malloc.check=3", "glibc.malloc.hugetlb=1", "glibc.malloc.hugetlb=1",
         "set to glibc.malloc.hugetlb=1, was glibc.malloc.check=3"},
        {"LD_DEBUG_OUTPUT", "/tmp/x", none, none, "cleared, was /tmp/x"},
        {"LD_LIBRARY_PATH", "/opt/lib", "/opt/lib", "/opt/lib", "/opt/lib"},
        {"PYTHONINSPECT", "1", none, none, "cleared, was 1"},
        {"PYTHONPATH", "/opt/python", "/opt/python", "/opt/python", "/opt/python"},
        {"NODE_OPTIONS", "--inspect", none, none, "cleared, was --inspect"},
        {"TORCH_LOGS", "+all", none, none, "cleared, was +all"},
        {"LC_ALL", "de_DE.UTF-8", "C.UTF-8", "C.UTF-8", "set to C.UTF-8, was de_DE.UTF-8"},
        {"LC_NUMERIC", "de_DE.UTF-8", none, none, "cleared, was de_DE.UTF-8"},
        {"LANGUAGE", "de", none, none, "cleared, was de"},
    };
}

}  // namespace

TEST_CASE("workers and engines get chosen values of libraries' variables, whatever stands in our environment") {
    for (const Member& member : members()) {
        INFO(member.name);
        const Variable hostile(member.name, member.value);
        CHECK(value_in(worker_variables(true), member.name) == member.in_workers);
        CHECK(value_in(engine_variables(2, ""), member.name) == member.in_engines);
        CHECK(library_variables_here().at("env." + std::string(member.name)) == member.recorded);
        CHECK(read_environment().at("env." + std::string(member.name)) == member.recorded);
    }
}

TEST_CASE("what nobody set and nothing sets is not recorded, and what the table does not know is inherited") {
    CHECK_FALSE(library_variables_here().contains("env.OPENBLAS_NO_SUCH_THING"));
    const Variable other("HEADCOUNT_TEST_VARIABLE", "kept = as it is");
    CHECK(value_in(worker_variables(true), "HEADCOUNT_TEST_VARIABLE") == "kept = as it is");
    CHECK(value_in(engine_variables(1, ""), "HEADCOUNT_TEST_VARIABLE") == "kept = as it is");
    CHECK_FALSE(library_variables_here().contains("env.HEADCOUNT_TEST_VARIABLE"));
    CHECK(value_in(engine_variables(3, "/a:/b"), "PATH") == "/a:/b");
    CHECK(value_in(engine_variables(3, ""), "PATH").has_value());
    CHECK(value_in(engine_variables(3, ""), "HEADCOUNT_THREADS") == "3");
}

TEST_CASE("an experiment may have idle threads wait as our environment says") {
    const Variable active("OMP_WAIT_POLICY", "ACTIVE"), repeated("BENCHMARK_REPETITIONS", "3");
    CHECK(value_in(worker_variables(false), "OMP_WAIT_POLICY") == "ACTIVE");
    CHECK(value_in(worker_variables(true), "OMP_WAIT_POLICY") == "PASSIVE");
    for (const char* name : {"GOMP_SPINCOUNT", "KMP_BLOCKTIME", "OPENBLAS_THREAD_TIMEOUT"}) {
        INFO(name);
        CHECK_FALSE(value_in(worker_variables(false), name).has_value());
        CHECK(value_in(worker_variables(true), name).has_value());
    }
    CHECK_FALSE(value_in(worker_variables(false), "BENCHMARK_REPETITIONS").has_value());
    CHECK(value_in(worker_variables(false), "LC_ALL") == "C.UTF-8");
}

TEST_CASE("choosing other kernels is another run; what is cleared, or merely found, is not") {
    const auto before = identity(read_environment());
    for (const char* name : {"OPENBLAS_CORETYPE", "BLIS_ARCH_TYPE", "ONEDNN_MAX_CPU_ISA", "LD_PRELOAD"}) {
        INFO(name);
        auto environment = read_environment();
        environment["env." + std::string(name)] = "something";
        CHECK(identity(environment) != before);
        environment["env." + std::string(name)] = "not set";  // as older journals say
        CHECK(identity(environment) == before);
    }
    for (const char* name : {"BENCHMARK_REPETITIONS", "OMP_NUM_THREADS", "PYTHONPATH"}) {
        INFO(name);
        const Variable variable(name, "3");
        CHECK(identity(read_environment()) == before);
    }
}

TEST_CASE("the table names each variable once, gives a reason, and no row is hidden by one above it") {
    std::set<std::string_view> names;
    for (const LibraryVariable& rule : library_variables()) {
        INFO(rule.name);
        CHECK(names.insert(rule.name).second);
        CHECK_FALSE(rule.why.empty());
        CHECK((rule.fate == LibraryVariable::Fate::set) == !rule.value.empty());
        std::string example(rule.name);
        if (example.ends_with('*')) example.back() = 'X';
        CHECK(rule_of(example) == &rule);
    }
    CHECK(rule_of("PATH") == nullptr);
    CHECK(rule_of("HEADCOUNT_ENGINES") == nullptr);
}
