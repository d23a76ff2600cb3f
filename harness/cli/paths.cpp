#include "harness/cli/paths.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/core/machine.hpp"
#include "harness/core/names.hpp"
#include "harness/sweep/yaml.hpp"
#include "headcount_version.hpp"

namespace headcount {

namespace fs = std::filesystem;

fs::path executable_path() { return fs::read_symlink("/proc/self/exe"); }

fs::path data_dir() {
    if (const char* chosen = std::getenv("HEADCOUNT_DATA_DIR"); chosen != nullptr && *chosen != 0) {
        if (fs::is_directory(fs::path(chosen) / "configs")) return chosen;
        throw UsageError(
            fmt::format("HEADCOUNT_DATA_DIR={} holds no configs/; point it at share/headcount or a checkout", chosen));
    }
    const fs::path installed = executable_path().parent_path().parent_path() / "share" / "headcount";
    for (const fs::path& folder : {installed, fs::path(build::source_dir)}) {
        if (fs::is_directory(folder / "configs")) return folder;
    }
    throw Error(
        fmt::format("neither {} nor {} holds configs/; set HEADCOUNT_DATA_DIR", installed.string(), build::source_dir));
}

std::vector<std::string> config_names(std::string_view kind) { return yaml_names(data_dir() / "configs" / kind); }

fs::path find_config(std::string_view name, std::string_view kind) {
    fs::path given(name);
    if (fs::is_regular_file(given)) return given;
    const fs::path folder = data_dir() / "configs" / kind;
    for (const fs::path& candidate : {folder / given, folder / (std::string(name) + ".yaml")}) {
        if (fs::is_regular_file(candidate)) return candidate;
    }
    const std::string_view one = kind.empty() ? "config" : kind.substr(0, kind.size() - 1);  // of "tables"
    throw UsageError("no file of this name; " + unknown_name(one, name, config_names(kind)));
}

std::vector<fs::path> figure_scripts() {
    // Each says what it shows; what they share does not.
    const auto is_figure = [](const fs::path& script) {
        std::ifstream file(script);
        for (std::string line; std::getline(file, line);) {
            if (line.rfind("SHOWS = ", 0) == 0) return true;
        }
        return false;
    };
    std::vector<fs::path> found;
    for (const fs::directory_entry& entry : fs::directory_iterator(data_dir() / "plots")) {
        if (entry.path().extension() == ".py" && is_figure(entry.path())) found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<fs::path> engine_folders() {
    std::vector<fs::path> folders{data_dir() / "variants" / "external"};
    if (const char* more = std::getenv("HEADCOUNT_ENGINES"); more != nullptr && *more != 0) {
        if (!fs::is_directory(more)) {
            throw UsageError(
                fmt::format("HEADCOUNT_ENGINES={} is no folder; point it at one with NAME.yaml files", more));
        }
        folders.emplace_back(more);
    }
    return folders;
}

fs::path default_result_path(std::string_view name) {
    std::string host = host_name();
    std::replace(host.begin(), host.end(), '/', '_');
    return fs::path("results") / host / (std::string(name) + ".jsonl");
}

}  // namespace headcount
