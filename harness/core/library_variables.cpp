#include "harness/core/library_variables.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <unistd.h>

extern char** environ;  // NOLINT(readability-redundant-declaration): not every libc declares it

namespace headcount {
namespace {

using Fate = LibraryVariable::Fate;
constexpr std::string_view kThreads = "{num_threads}";
constexpr std::string_view kKernels = "chooses kernels", kTurns = "idle threads would spin on the next visit's core",
                           kCount = "a point says how many threads it has", kPlace = "--pin says where threads run",
                           kFound = "says where a library or module is found";

LibraryVariable clear(std::string_view name, std::string_view why) { return {name, Fate::clear, {}, why}; }
LibraryVariable kernels(std::string_view name) {
    return {.name = name, .fate = Fate::obey, .value = {}, .why = kKernels, .identifies = true};
}
LibraryVariable found(std::string_view name) { return {name, Fate::obey, {}, kFound}; }
LibraryVariable threads(std::string_view name) { return {name, Fate::set, kThreads, kCount}; }
LibraryVariable waiting(std::string_view name, std::string_view value, std::string_view why = kTurns) {
    return {.name = name, .fate = Fate::set, .value = value, .why = why, .idle_waiting = true};
}

std::string assignment(const LibraryVariable& rule, const std::string& value) {
    return std::string(rule.name) + "=" + value;
}

bool matches(const LibraryVariable& rule, std::string_view name) {
    if (!rule.name.ends_with('*')) return rule.name == name;
    return name.starts_with(rule.name.substr(0, rule.name.size() - 1));
}

/// This process's environment without what the table knows, but with what it obeys; with how idle threads wait where
/// that is not to be chosen.
std::vector<std::string> inherited(bool choose_waiting = true) {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const LibraryVariable* rule = rule_of(text.substr(0, text.find('=')));
        const bool keeps = rule == nullptr || rule->fate == Fate::obey || (rule->idle_waiting && !choose_waiting);
        if (keeps) result.emplace_back(text);
    }
    return result;
}

}  // namespace

const std::vector<LibraryVariable>& library_variables() {
    static const std::vector<LibraryVariable> table{
        clear("BENCHMARK_*", "flags of Google Benchmark: repetitions, times, formats"),
        // OpenMP, of GCC and of LLVM and Intel
        threads("OMP_NUM_THREADS"),
        waiting("OMP_WAIT_POLICY", "PASSIVE"),
        waiting("GOMP_SPINCOUNT", "0"),
        waiting("KMP_BLOCKTIME", "0"),
        clear("OMP_*", kPlace),
        clear("GOMP_*", kPlace),
        clear("KMP_*", kPlace),
        // libraries of products
        kernels("OPENBLAS_CORETYPE"),
        threads("OPENBLAS_NUM_THREADS"),
        waiting("OPENBLAS_THREAD_TIMEOUT", "4", "2^4 cycles of spinning instead of 2^26, which is some 25 ms"),
        clear("OPENBLAS_*", "threads, what it prints"),
        clear("GOTO_*", kCount),
        kernels("BLIS_ARCH_TYPE"),
        clear("BLIS_*", kCount),
        kernels("MKL_ENABLE_INSTRUCTIONS"),
        kernels("MKL_DEBUG_CPU_TYPE"),
        kernels("MKL_CBWR"),
        threads("MKL_NUM_THREADS"),
        clear("MKL_*", "threads, what it prints (MKL_VERBOSE)"),
        kernels("ONEDNN_MAX_CPU_ISA"),
        kernels("DNNL_MAX_CPU_ISA"),
        clear("ONEDNN_*", "what it prints and writes (ONEDNN_VERBOSE)"),
        clear("DNNL_*", "what it prints and writes (DNNL_VERBOSE)"),
        clear("MKLDNN_*", "what it prints and writes (MKLDNN_VERBOSE)"),
        kernels("FLEXIBLAS"),
        kernels("ATEN_CPU_CAPABILITY"),
        clear("TORCH_*", "what PyTorch prints and compiles"),
        clear("PYTORCH_*", "allocation and just-in-time compilation of PyTorch"),
        clear("ORT_*", "what ONNX Runtime prints"),
        // memory
        {.name = "LD_PRELOAD", .fate = Fate::obey, .value = {}, .why = "another allocator, a tool", .identifies = true},
        found("LD_LIBRARY_PATH"),
        clear("LD_*", "what the dynamic linker prints and binds"),
        {"GLIBC_TUNABLES", Fate::set, "glibc.malloc.hugetlb=1",
         "huge pages where the system grants them, as our own tensors have"},
        clear("MALLOC_*", "arenas, trimming, filling of freed memory"),
        clear("TCMALLOC_*", "an allocator's settings"),
        // interpreters of engines
        found("PYTHONPATH"),
        found("PYTHONHOME"),
        clear("PYTHON*", "what an interpreter prints, checks, traces and optimises"),
        found("NODE_PATH"),
        clear("NODE_*", "what an interpreter prints, loads first and collects"),
        clear("UV_THREADPOOL_SIZE", kCount),
        // language
        {"LC_ALL", Fate::set, "C.UTF-8", "messages in one language, numbers with a point"},
        clear("LC_*", "LC_ALL says it all"),
        clear("LANG", "LC_ALL says it all"),
        clear("LANGUAGE", "LC_ALL says it all"),
    };
    return table;
}

const LibraryVariable* rule_of(std::string_view name) {
    const auto rule = std::ranges::find_if(library_variables(), [&](const auto& one) { return matches(one, name); });
    return rule == library_variables().end() ? nullptr : &*rule;
}

std::vector<std::string> worker_variables(bool wait_passively) {
    std::vector<std::string> result = inherited(wait_passively);
    for (const LibraryVariable& rule : library_variables()) {
        const bool wanted = rule.fate == Fate::set && rule.value != kThreads && (wait_passively || !rule.idle_waiting);
        if (wanted) result.push_back(assignment(rule, std::string(rule.value)));
    }
    return result;
}

std::vector<std::string> engine_variables(int num_threads, const std::string& path) {
    std::vector<std::string> result = inherited();
    std::erase_if(result, [&](const std::string& entry) {
        return entry.starts_with("HEADCOUNT_THREADS=") || (!path.empty() && entry.starts_with("PATH="));
    });
    if (!path.empty()) result.push_back("PATH=" + path);
    result.push_back("HEADCOUNT_THREADS=" + std::to_string(num_threads));
    for (const LibraryVariable& rule : library_variables()) {
        if (rule.fate != Fate::set) continue;
        const std::string value = rule.value == kThreads ? std::to_string(num_threads) : std::string(rule.value);
        result.push_back(assignment(rule, value));
    }
    return result;
}

std::map<std::string, std::string> library_variables_here() {
    std::map<std::string, std::string> result;
    for (const LibraryVariable& rule : library_variables()) {
        if (rule.fate != Fate::set) continue;
        result["env." + std::string(rule.name)] =
            rule.value == kThreads ? "set to num_threads for engines" : "set to " + std::string(rule.value);
    }
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::string name(text.substr(0, text.find('=')));
        const LibraryVariable* rule = rule_of(name);
        if (rule == nullptr) continue;
        const std::string value(text.substr(std::min(text.size(), name.size() + 1)));
        std::string& said = result["env." + name];
        if (rule->fate == Fate::obey) said = value;
        if (rule->fate == Fate::clear) said = "cleared, was " + value;
        if (rule->fate == Fate::set) said += ", was " + value;
    }
    return result;
}

bool identifies_run(const std::string& key, const std::string& value) {
    constexpr std::string_view kPrefix = "env.";
    if (!key.starts_with(kPrefix) || value == "not set") return false;  // so wrote older runs
    const LibraryVariable* rule = rule_of(std::string_view(key).substr(kPrefix.size()));
    return rule != nullptr && rule->identifies;
}

}  // namespace headcount
