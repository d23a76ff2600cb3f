// Where configs, plots and results live, in a checkout or installed.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace headcount {

/// This very program, absolute.
std::filesystem::path executable_path();

/// The folder that holds configs/ and plots/: $HEADCOUNT_DATA_DIR, else share/headcount beside an installed
/// program, else the source folder it was built from. Throws Error when none of them exists.
std::filesystem::path data_dir();

/// `name` as a path; else configs/[kind/]NAME[.yaml] of data_dir(). Throws UsageError listing what there is.
std::filesystem::path find_config(std::string_view name, std::string_view kind = "");

/// Names of the files configs/[kind/]*.yaml, sorted.
std::vector<std::string> config_names(std::string_view kind = "");

/// The scripts of plots/ that draw a figure each, sorted.
std::vector<std::filesystem::path> figure_scripts();

/// Where engines' files are looked for: variants/external of data_dir(), then $HEADCOUNT_ENGINES.
std::vector<std::filesystem::path> engine_folders();

/// results/<machine>/<name>.jsonl below the working directory.
std::filesystem::path default_result_path(std::string_view name);

}  // namespace headcount
