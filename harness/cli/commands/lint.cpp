// headcount lint: a result against the twelve rules of scientific benchmarking.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/analysis/show/lint_text.hpp"
#include "harness/analysis/show/point_table_display.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/exit_code.hpp"
#include "harness/cli/paths.hpp"
#include "harness/cli/process.hpp"
#include "harness/core/error.hpp"
#include "harness/journal/journal.hpp"

namespace headcount::commands {
namespace {

struct Options {
    std::string result;
    bool json = false;
};

/// Is anything in this result trained?
bool trains(const Journal& journal) {
    return std::ranges::any_of(journal.rounds, [](const RoundRecord& round) {
        return std::ranges::any_of(round.samples, [](const Sample& sample) { return !sample.results.empty(); });
    });
}

/// Those that this result may have: of measured points; of trained models only where there are some.
std::vector<Display> described_figures(const Journal& journal) {
    const std::vector<std::string> python = find_python();
    std::vector<Display> figures;
    for (const std::filesystem::path& script : figure_scripts()) {
        const ProcessResult told = run_script(python, script.string(), {"--describe"});
        if (told.exit_code != 0) {
            throw Error(fmt::format("{} --describe failed: {}", script.string(), told.last_line()));
        }
        Display figure = display_from_json(script.stem().string(), told.output);
        if (figure.of == "points" && (!figure.of_trainings || trains(journal))) figures.push_back(std::move(figure));
    }
    return figures;
}

void run(const Options& options, int& exit_code) {
    const Journal journal = read_journal(options.result);
    for (const std::string& warning : journal.warnings) fmt::print(stderr, "warning: {}\n", warning);
    std::vector<Display> displays{point_table_display(RecordSet(journal))};
    for (Display& figure : described_figures(journal)) displays.push_back(std::move(figure));
    const Lint found = lint(journal, displays);
    fmt::print("{}", options.json ? lint_json(found) : lint_text(found));
    if (!found.satisfied()) exit_code = exit_code::not_as_expected;
}

constexpr char kFooter[] = R"(
The rules: Hoefler and Belli, Scientific Benchmarking of Parallel Computing Systems, SC 2015.

Example:
  headcount lint results/reference/equal_complexity.jsonl

Exit: 0 every rule that applies is satisfied, 1 one is not, 2 the file cannot be read.)";

}  // namespace

Command lint() {
    return {
        .name = "lint",
        .summary = "Check a result against the twelve rules of scientific benchmarking",
        .declare = [](int& exit_code) {
            auto options = std::make_shared<Options>();
            return CommandLine{
                .flags = {{.name = "result", .into = &options->result, .doc = "a journal (.jsonl)", .required = true},
                          {.name = "--json",
                           .into = &options->json,
                           .doc = "every rule, subject, status, reason and remedy, for programs"}},
                .run = [options, &exit_code] { run(*options, exit_code); },
                .footer = kFooter};
        }};
}

}  // namespace headcount::commands
