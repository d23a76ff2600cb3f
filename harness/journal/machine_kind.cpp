#include "harness/journal/machine_kind.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "harness/core/library_variables.hpp"

namespace headcount {
namespace {

constexpr std::array<std::string_view, 10> kKind{"cpu.model", "cpu.online", "compiler", "flags", "build_type",
                                                 "native",    "version",    "commit",   "dirty", "libc"};
constexpr std::array<std::string_view, 4> kPlace{"host", "kernel", "cpu.affinity", "pinning"};
// What else has a dot in its name is a fact of a backend's library or of an engine: `blas.file`, `engine.torch`.
constexpr std::array<std::string_view, 4> kNoLibrary{"cpu", "memory", "clock", "env"};

template <class List>
bool contains(const List& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_missing(std::string_view value) {
    return value.starts_with("unavailable: ") || value.starts_with("missing: ") || value == "absent";
}

std::string value_of(const Environment& environment, const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? "absent" : found->second;
}

/// "blas" of "blas.openblas.core", "engine.torch" of itself; "" of what is no library's.
std::string library_of(const std::string& fact) {
    const std::size_t dot = fact.find('.');
    if (dot == std::string::npos || contains(kNoLibrary, std::string_view(fact).substr(0, dot))) return {};
    return fact.starts_with("engine.") ? fact : fact.substr(0, dot);
}

/// Libraries and engines of which an environment has facts, other than that they are missing.
std::set<std::string> libraries_in(const Environment& environment) {
    std::set<std::string> libraries, missing;
    for (const auto& [name, value] : environment) {
        const std::string library = library_of(name);
        if (library.empty()) continue;
        const bool says_so = is_missing(value) && (name == library || name == library + ".library");
        (says_so ? missing : libraries).insert(library);
    }
    for (const std::string& library : missing) libraries.erase(library);
    return libraries;
}

void add(std::vector<DifferingFact>& facts, const std::string& name, const Environment& before,
         const Environment& now) {
    DifferingFact fact{.name = name, .before = value_of(before, name), .now = value_of(now, name)};
    if (fact.before != fact.now) facts.push_back(std::move(fact));
}

}  // namespace

std::vector<DifferingFact> differing_kind(const Environment& before, const Environment& now) {
    std::vector<DifferingFact> facts;
    for (const std::string_view name : kKind) add(facts, std::string(name), before, now);
    const std::set<std::string> there = libraries_in(before), here = libraries_in(now);
    std::set<std::string> names;
    for (const Environment* environment : {&before, &now}) {
        for (const auto& [name, value] : *environment) {
            const std::string library = library_of(name);
            if (there.contains(library) && here.contains(library)) names.insert(name);
        }
    }
    // A variable of a library that is obeyed: it chooses kernels as another library would.
    for (const Environment* environment : {&before, &now}) {
        for (const auto& [name, value] : *environment) {
            if (identifies_run(name, value)) names.insert(name);
        }
    }
    for (const std::string& name : names) add(facts, name, before, now);
    return facts;
}

std::vector<DifferingFact> differing_machine(const Environment& before, const Environment& now) {
    std::vector<DifferingFact> facts = differing_kind(before, now);
    for (const std::string_view name : kPlace) add(facts, std::string(name), before, now);
    return facts;
}

Environment identity(const Environment& environment) {
    Environment result;
    for (const auto& [name, value] : environment) {
        const bool listed = contains(kKind, name) || contains(kPlace, name);
        if (listed || !library_of(name).empty() || identifies_run(name, value)) result.emplace(name, value);
    }
    return result;
}

Environment installed_since(const Environment& before, const Environment& now) {
    const std::set<std::string> there = libraries_in(before), here = libraries_in(now);
    Environment added;
    for (const auto& [name, value] : now) {
        const std::string library = library_of(name);
        if (here.contains(library) && !there.contains(library)) added.emplace(name, value);
    }
    return added;
}

}  // namespace headcount
