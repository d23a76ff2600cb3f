// headcount export: a result for other tools.
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "harness/analysis/heads/heads_text.hpp"
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
    if (options.format == "gbench") {
        export_gbench(read_journal(options.result), options.output);
    } else if (!export_if_heads(options.result, options.output, options.format)) {
        export_data(read_journal(options.result), options.result, options.output, options.format);
    }
    fmt::print("{}\n", options.output);
}

constexpr char kExamples[] = R"(
Examples:
  headcount export results/reference/equal_complexity.jsonl --output data
  headcount export results/reference/equal_complexity.jsonl --format gbench --output result.json)";

}  // namespace

Command export_results() {
    return {
        .name = "export",
        .summary = "Write a result as files: CSV (what the figures read), TSV, JSON, or Google Benchmark JSON",
        .declare = [](int&) {
            auto options = std::make_shared<Options>();
            return CommandLine{
                .flags =
                    {{.name = "result", .into = &options->result, .doc = "a journal (.jsonl)", .required = true},
                     {.name = "--format",
                      .into = &options->format,
                      .doc = "csv (what figures read), tsv, json: a folder; gbench: a file for its compare.py",
                      .shows_default = true,
                      .choices = {"csv", "tsv", "json", "gbench"}},
                     {.name = "--output,-o", .into = &options->output, .doc = "the folder or file", .required = true}},
                .run = [options] { run(*options); },
                .footer = kExamples};
        }};
}

}  // namespace headcount::commands
