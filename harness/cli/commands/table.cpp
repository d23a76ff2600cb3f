// headcount table: a result as a table, or a published table beside ours.
#include <filesystem>
#include <memory>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "harness/analysis/published/table_result.hpp"
#include "harness/analysis/records/conditions.hpp"
#include "harness/analysis/show/beside_table.hpp"
#include "harness/analysis/show/point_columns.hpp"
#include "harness/analysis/show/point_table.hpp"
#include "harness/analysis/show/published_overview.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/counted_metric.hpp"
#include "harness/cli/exit_code.hpp"
#include "harness/cli/paths.hpp"
#include "harness/core/error.hpp"
#include "harness/core/printable.hpp"
#include "harness/journal/journal.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "harness/sweep/table_config.hpp"

namespace headcount::commands {
namespace {

constexpr std::string_view kAll = "all";

struct Options {
    std::string subject;
    std::string format = "terminal";
    bool counted = false;
    std::string beside;  ///< "VARIANT/BACKEND"; empty: the points as they are
    std::vector<std::string> columns, where, sort, base;

    bool chooses() const { return !columns.empty() || !where.empty() || !sort.empty() || !base.empty(); }
};

/// "streaming/simd" rather than a result that follows.
bool names_kernel(const std::string& word) {
    static const std::regex kKernel("[a-z0-9_]+/[a-z0-9_]+");
    return std::regex_match(word, kKernel) && !std::filesystem::exists(word);
}

void print_beside(const RecordSet& records, const Options& options) {
    const std::size_t slash = options.beside.find('/');
    if (slash == std::string::npos) {
        throw UsageError(fmt::format("table: --beside {}: write VARIANT/BACKEND, e.g. streaming/simd", options.beside));
    }
    const BesideOptions beside{.variant = options.beside.substr(0, slash),
                               .backend = options.beside.substr(slash + 1),
                               .one_row_each = is_for_programs(options.format)};
    Table table = beside_table(records, beside);
    table.label = records.run().name + "_beside";
    fmt::print("{}", render(table, options.format));
    if (options.format == "terminal") {
        fmt::print("\n{}{}{}", absent_text(records), disturbance_text(records), unfinished_text(records));
    }
}

TableResult evaluated(const std::filesystem::path& path) {
    return evaluate_table(load_published_table(path, known_fields()), counted_metric);
}

void print_all(const Options& options, int& exit_code) {
    std::vector<TableResult> results;
    const std::filesystem::path folder = data_dir() / "configs" / "tables";
    for (const std::string& name : config_names("tables")) {
        try {
            results.push_back(evaluated(folder / (name + ".yaml")));
        } catch (const UsageError& error) {  // one file with a mistake hides no other table
            fmt::print(stderr, "table {} is broken: {}\n", name, printable_lines(error.what()));
            exit_code = exit_code::usage;
        }
    }
    const bool terminal = options.format == "terminal";
    Table table = published_overview(results, terminal);
    table.caption = "Published tables computed again: how many cells come out how";
    table.label = "published";
    fmt::print("{}", render(table, options.format));
    if (terminal) fmt::print("\n{}", unexpected_text(results));
    for (const TableResult& result : results) {
        if (!result.as_expected() && exit_code == exit_code::ok) exit_code = exit_code::not_as_expected;
    }
}

void run(const Options& options, int& exit_code) {
    const bool is_result = std::filesystem::path(options.subject).extension() == ".jsonl";
    if (is_result) {
        const RecordSet records(read_journal(options.subject));
        if (!options.beside.empty()) {
            if (options.chooses())
                throw UsageError("table: --beside has its own columns, rows and base; leave others out");
            print_beside(records, options);
            return;
        }
        const PointTableOptions chosen{.audience = audience_of(options.format),
                                       .counted = options.counted,
                                       .columns = options.columns,
                                       .where = options.where,
                                       .sort = options.sort,
                                       .base = options.base};
        fmt::print("{}", render(point_table(records, chosen), options.format));
        if (options.format == "terminal" && options.where.empty()) {  // these speak of the whole result
            fmt::print("\n{}{}{}", bounds_text(records), disturbance_text(records), unfinished_text(records));
        }
        return;
    }
    if (!options.beside.empty() || options.chooses() || options.counted) {
        throw UsageError(fmt::format(
            "table {}: --beside, --columns, --where, --sort, --base and --counted are for results (.jsonl), not "
            "published tables",
            options.subject));
    }
    if (options.subject == kAll) {
        print_all(options, exit_code);
        return;
    }
    const TableResult result = evaluated(find_config(options.subject, "tables"));
    fmt::print("{}", render(result, options.format));
    if (!result.as_expected()) exit_code = exit_code::not_as_expected;
}

std::string columns_doc() {
    std::string doc = "fields, metrics and";
    for (const PointColumn& column : point_columns()) doc += (doc.ends_with("and") ? " " : ", ") + column.key;
    return doc;
}

constexpr char kExamples[] = R"(
Examples:
  headcount table results/reference/equal_complexity.jsonl --format latex
  headcount table results/reference/equal_complexity.jsonl --where num_heads=1,8 --where seq_len=512 --where backend=blas \
      --columns variant,num_heads,time,interval,ratio,ratio_interval --base num_heads=1 --sort variant,num_heads
  headcount table results/reference/kernels.jsonl --beside       ours beside OpenBLAS, a row a shape
  headcount table vaswani2017_table3                  theirs beside ours, one status a cell
  headcount table all                                 every published table, a line each
  headcount table my_tables/other_paper.yaml --format markdown

Exit: 1 when a cell of a published table comes out otherwise than its file states.)";

}  // namespace

Command table() {
    return {
        .name = "table",
        .summary = "A result, or a published table beside ours, as text, Markdown, LaTeX, CSV, TSV or JSON",
        .declare = [](int& exit_code) {
            auto options = std::make_shared<Options>();
            return CommandLine{
                .flags =
                    {{.name = "subject",
                      .into = &options->subject,
                      .doc = "a journal (.jsonl), a published table by name or file, or all published tables",
                      .required = true},
                     {.name = "--format", .into = &options->format, .shows_default = true, .choices = table_formats()},
                     {.name = "--columns",
                      .into = &options->columns,
                      .doc = "what to show: " + columns_doc(),
                      .delimiter = ','},
                     {.name = "--where",
                      .into = &options->where,
                      .doc = "FIELD=VALUE,VALUE: points that have one of these values; repeatable"},
                     {.name = "--sort",
                      .into = &options->sort,
                      .doc = "by fields and columns, largest first with :desc (time:desc,num_heads)",
                      .delimiter = ','},
                     {.name = "--base",
                      .into = &options->base,
                      .doc = "FIELD=VALUE: ratios are to the point with this value and else the same; repeatable; as "
                             "the claims on time say when absent"},
                     {.name = "--counted",
                      .into = &options->counted,
                      .doc = "points that were only counted as well (always in CSV, TSV and JSON)"},
                     {.name = "--beside",
                      .into = &options->beside,
                      .doc = "a row a shape: VARIANT/BACKEND (streaming/simd unless given) "
                             "beside all others, paired by round",
                      .alone = "streaming/simd",
                      .is_value = names_kernel}},
                .run = [options, &exit_code] { run(*options, exit_code); },
                .footer = kExamples};
        }};
}

}  // namespace headcount::commands
