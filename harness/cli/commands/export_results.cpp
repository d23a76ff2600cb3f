// headcount export: a result for other tools.
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "harness/analysis/show/export.hpp"
#include "harness/cli/command.hpp"
#include "harness/journal/journal.hpp"

namespace headcount::commands {
namespace {

struct Options {
    std::string result;
    std::string format = "csv";
    std::string output;
};

void run(const Options& options) {
    const Journal journal = read_journal(options.result);
    if (options.format == "csv") {
        export_data(journal, options.result, options.output);
    } else {
        export_gbench(journal, options.output);
    }
    fmt::print("{}\n", options.output);
}

constexpr char kExamples[] = R"(
Examples:
  headcount export results/reference/equal_complexity.jsonl --output data
  headcount export results/reference/equal_complexity.jsonl --format gbench --output result.json)";

}  // namespace

Command export_results() {
    return {.name = "export",
            .summary = "Write a result as CSV files (what the figures read) or Google Benchmark JSON",
            .add = [](CLI::App& app, int&) {
                auto options = std::make_shared<Options>();
                app.add_option("result", options->result, "a journal (.jsonl)")->required();
                app.add_option("--format", options->format, "csv: a folder; gbench: a file for its compare.py")
                    ->check(CLI::IsMember({"csv", "gbench"}))
                    ->capture_default_str();
                app.add_option("--output,-o", options->output, "the folder or file")->required();
                app.footer(kExamples);
                app.callback([options] { run(*options); });
            }};
}

}  // namespace headcount::commands
