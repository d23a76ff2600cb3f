// headcount table: a result as a table, or a published table beside ours.
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "harness/analysis/conditions.hpp"
#include "harness/analysis/point_table.hpp"
#include "harness/analysis/published_table.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/counted_metric.hpp"
#include "harness/cli/exit_code.hpp"
#include "harness/cli/paths.hpp"
#include "harness/journal/journal.hpp"
#include "harness/sweep/table_config.hpp"

namespace headcount::commands {
namespace {

struct Options {
    std::string subject;
    std::string format = "terminal";
    bool counted = false;
};

const std::map<std::string, TableFormat>& formats() {
    static const std::map<std::string, TableFormat> all{{"terminal", TableFormat::terminal},
                                                        {"markdown", TableFormat::markdown},
                                                        {"csv", TableFormat::csv},
                                                        {"latex", TableFormat::latex}};
    return all;
}

void run(const Options& options, int& exit_code) {
    const bool is_result = std::filesystem::path(options.subject).extension() == ".jsonl";
    if (is_result) {
        const bool csv = options.format == "csv";  // read by programs: everything, and a key to join by
        const RecordSet records(read_journal(options.subject));
        fmt::print("{}", render(point_table(records, {.counted = csv || options.counted, .ids = csv}), options.format));
        if (options.format == "terminal") {
            fmt::print("\n{}{}{}", bounds_text(records), disturbance_text(records), unfinished_text(records));
        }
        return;
    }
    const PublishedTable table = load_published_table(find_config(options.subject, "tables"));
    const TableResult result = evaluate_table(table, counted_metric);
    fmt::print("{}", render(result, formats().at(options.format)));
    if (!result.as_expected()) exit_code = exit_code::not_as_expected;
}

constexpr char kExamples[] = R"(
Examples:
  headcount table results/reference/equal_complexity.jsonl --format latex
  headcount table vaswani2017_table3                  theirs beside ours, one status a cell
  headcount table my_tables/other_paper.yaml --format markdown

Exit: 1 when a cell of a published table comes out otherwise than its file states.)";

}  // namespace

Command table() {
    return {.name = "table",
            .summary = "A result, or a published table beside ours, as text, Markdown, CSV or LaTeX",
            .add = [](CLI::App& app, int& exit_code) {
                auto options = std::make_shared<Options>();
                app.add_option("subject", options->subject, "a journal (.jsonl), or a published table by name or file")
                    ->required();
                app.add_option("--format", options->format)
                    ->check(CLI::IsMember({"terminal", "markdown", "csv", "latex"}))
                    ->capture_default_str();
                app.add_flag("--counted", options->counted, "points that were only counted as well (always in CSV)");
                app.footer(kExamples);
                app.callback([options, &exit_code] { run(*options, exit_code); });
            }};
}

}  // namespace headcount::commands
