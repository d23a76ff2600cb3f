#include "harness/analysis/records/libraries.hpp"

#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace headcount {
namespace {

using Environment = std::map<std::string, std::string>;

constexpr std::size_t kShortHash = 12;

/// "" where it is absent or says "unavailable: why".
std::string known(const Environment& environment, const std::string& name) {
    const auto found = environment.find(name);
    if (found == environment.end() || found->second.starts_with("unavailable")) return "";
    const std::string& value = found->second;
    const std::size_t first = value.find_first_not_of(' '), last = value.find_last_not_of(' ');
    return first == std::string::npos ? "" : value.substr(first, last - first + 1);
}

std::string usual_name(const std::string& instruction_set) {
    const auto found = instruction_sets().find(instruction_set);
    return found == instruction_sets().end() ? instruction_set : found->second;
}

std::string processor_of(const Environment& environment) {
    std::string model = known(environment, "cpu.model");
    if (model.empty()) return "unknown processor";
    const std::string family = known(environment, "cpu.family"), number = known(environment, "cpu.model_number");
    if (family.empty() || number.empty()) return model;
    return fmt::format("{} (family {}, model {})", model, family, number);
}

}  // namespace

const std::map<std::string, std::string>& instruction_sets() {
    static const std::map<std::string, std::string> names{{"AVX3", "AVX-512"},
                                                          {"AVX3_DL", "AVX-512 (Ice Lake)"},
                                                          {"AVX3_ZEN4", "AVX-512 (Zen 4)"},
                                                          {"AVX3_SPR", "AVX-512 (Sapphire Rapids)"},
                                                          {"AVX10_2", "AVX10.2"},
                                                          {"SSE4", "SSE4.1"},
                                                          {"NEON", "Neon"}};
    return names;
}

std::string library_of(std::string_view backend, const Environment& environment) {
    const std::string name(backend);
    if (environment.contains("engine." + name)) {
        const std::string engine = known(environment, "engine." + name);
        return engine.empty() ? "an engine that did not say its name" : engine.substr(0, engine.find(';'));
    }
    if (const std::string openblas = known(environment, name + ".openblas.version"); !openblas.empty()) {
        const std::string core = known(environment, name + ".openblas.core");
        return openblas + (core.empty() ? "" : fmt::format(" ({} kernels)", core));
    }
    if (const std::string version = known(environment, name + ".version"); !version.empty()) {
        const std::string library = name == "onednn" ? "oneDNN" : name == "blis" ? "BLIS" : name;
        return fmt::format("{} {}", library, version);
    }
    const std::string target = known(environment, fmt::format("{}.{}.instruction_set", name, name));
    return fmt::format("headcount {}{}", version_text(environment), target.empty() ? "" : ", " + usual_name(target));
}

std::string libraries_text(const RecordSet& records, const std::vector<std::size_t>& entries) {
    std::set<std::string> named;
    for (const std::size_t i : entries) {
        const Entry& entry = records.entries()[i];
        if (!entry.resolved) continue;
        const std::string& backend = entry.point.backend;
        named.insert(fmt::format("{}: {}", backend, library_of(backend, records.run().environment)));
    }
    return fmt::format("{}", fmt::join(named, "; "));
}

std::string processors_text(const RunRecord& run) {
    std::set<std::string> processors;
    for (const SourceRecord& source : run.sources) processors.insert(processor_of(source.environment));
    if (processors.empty()) processors.insert(processor_of(run.environment));
    return fmt::format("{}", fmt::join(processors, "; "));
}

std::string version_text(const Environment& environment) {
    std::string version = known(environment, "version");
    return version.empty() ? "of unknown version" : version;
}

std::string day_of(const RunRecord& run) { return run.started.substr(0, run.started.find('T')); }

std::string commit_text(const RunRecord& run) {
    const std::string commit = known(run.environment, "commit");
    if (commit.empty()) return "an unknown commit";
    const bool dirty = known(run.environment, "dirty") == "yes";
    return fmt::format("commit {}{}", commit.substr(0, kShortHash), dirty ? ", with local changes" : "");
}

}  // namespace headcount
