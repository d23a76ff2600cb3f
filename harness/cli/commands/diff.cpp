// headcount diff: two results of the same points: what became faster or slower, and what differs around them.
#include "harness/analysis/diff.hpp"

#include <memory>
#include <string>

#include <fmt/format.h>

#include "harness/cli/command.hpp"
#include "harness/cli/exit_code.hpp"

namespace headcount::commands {
namespace {

struct Options {
    std::string a, b, format = "terminal";
    DiffOptions diff;
};

void run(const Options& options, int& exit_code) {
    const Diff diff = diff_journals(read_journal(options.a), read_journal(options.b), options.diff);
    fmt::print("{}", render(diff_table(diff), options.format));
    if (options.format != "terminal") return;
    fmt::print("\n{}\n", diff.overall_text);
    fmt::print("A is {}, B is {}; same: within {} %\n", options.a, options.b, options.diff.margin * 100);
    for (const std::string& line : diff.environment) fmt::print("differs: {}\n", line);
    if (diff.environment.empty()) fmt::print("nothing differs in machine, build and protocol\n");
    if (diff.overall == Change::cannot_tell) exit_code = exit_code::inconclusive;
}

}  // namespace

Command diff() {
    return {.name = "diff",
            .summary = "Compare two results point by point: faster, slower, same, cannot tell",
            .add = [](CLI::App& app, int& exit_code) {
                auto options = std::make_shared<Options>();
                app.add_option("a", options->a, "the result to compare with")->required();
                app.add_option("b", options->b, "the result to judge")->required();
                app.add_option("--margin", options->diff.margin, "times this close, relatively, are the same")
                    ->check(CLI::Range(0.0, 1.0))
                    ->capture_default_str();
                app.add_option("--format", options->format, "terminal, markdown, csv or latex")->capture_default_str();
                app.add_flag("--across-machines", options->diff.across_machines,
                             "though the machines are not the same");
                app.footer(
                    "\nExample:\n  headcount diff results/before.jsonl results/after.jsonl\n\nExit: 0 told, 2 the "
                    "files cannot be compared, 3 cannot tell.");
                app.callback([options, &exit_code] { run(*options, exit_code); });
            }};
}

}  // namespace headcount::commands
