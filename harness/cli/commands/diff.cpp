// headcount diff: two results, or two sides of one: what is faster or slower, and what differs around them.
#include "harness/analysis/compare/diff.hpp"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "harness/analysis/show/diff_text.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/exit_code.hpp"
#include "harness/core/error.hpp"
#include "harness/core/printable.hpp"

namespace headcount::commands {
namespace {

struct Options {
    std::string a, b, format = "terminal", between;
    std::vector<std::string> left, right;
    bool fail_if_slower = false;
    DiffOptions diff;
};

[[noreturn]] void refuse(const std::string& option, const std::string& text, const char* example) {
    throw UsageError(fmt::format("diff: {} {}: write {} {}", option, text, option, example));
}

void add_to(Side& side, const std::string& option, const std::vector<std::string>& items) {
    for (const std::string& item : items) {
        const std::size_t sign = item.find('=');
        if (sign == 0 || sign >= item.size() - 1) refuse(option, item, "backend=blas");
        side[item.substr(0, sign)] = item.substr(sign + 1);
    }
}

void add_between(DiffOptions& diff, const std::string& text) {
    if (text.empty()) return;
    const std::size_t sign = text.find('='), comma = text.find(',');
    const bool whole = sign != std::string::npos && comma != std::string::npos && sign > 0 && comma > sign + 1 &&
                       comma + 1 < text.size() && text.find(',', comma + 1) == std::string::npos;
    if (!whole) refuse("--between", text, "variant=multi_head,streaming");
    const std::string field = text.substr(0, sign);
    diff.left[field] = text.substr(sign + 1, comma - sign - 1);
    diff.right[field] = text.substr(comma + 1);
}

std::string side_text(const std::string& file, const Side& side) {
    std::string text = file;
    for (const auto& [field, value] : side) text += fmt::format(" {}={}", field, value);
    return text;
}

void print(const Options& options, const Diff& diff) {
    fmt::print("{}", render(diff_table(diff, is_for_programs(options.format)), options.format));
    if (options.format != "terminal") return;
    fmt::print("\n{}\n", diff.overall_text);
    if (!diff.points.empty()) {
        fmt::print(
            "B / A: half of the points lie below {:.4f}, all between {:.4f} and {:.4f}; no speed-up of a whole\n",
            diff.ratios.estimate, diff.ratios.low, diff.ratios.high);
    }
    fmt::print("A is {}, B is {}; same: within {} %; 5 % after Holm's correction over {} points\n",
               side_text(options.a, options.diff.left), side_text(options.b, options.diff.right),
               options.diff.margin * 100, diff.points.size());
    if (diff.relation == Relation::same_run) {
        fmt::print("both are the same run: what they share are the same samples, not a repetition\n");
    }
    for (const Difference& difference : diff.differs) fmt::print("differs: {}\n", printable(difference.text()));
    if (diff.differs.empty()) fmt::print("nothing differs in machine, build, protocol and config\n");
}

void run(Options options, int& exit_code) {
    add_between(options.diff, options.between);
    add_to(options.diff.left, "--left", options.left);
    add_to(options.diff.right, "--right", options.right);
    const bool has_sides = !options.diff.left.empty() && !options.diff.right.empty();
    const bool one_file = options.b.empty() || (options.a == options.b && has_sides);
    if (options.b.empty()) options.b = options.a;
    const Diff diff = one_file ? diff_sides(read_journal(options.a), options.diff)
                               : diff_journals(read_journal(options.a), read_journal(options.b), options.diff);
    if (options.format == "json") {
        fmt::print("{}", diff_json(diff));
    } else {
        print(options, diff);
    }
    if (options.fail_if_slower && diff.count(Change::slower) > 0) {
        exit_code = exit_code::not_as_expected;
    } else if (diff.overall == "cannot tell") {
        exit_code = exit_code::inconclusive;
    }
}

constexpr char kFooter[] = R"(
Examples:
  headcount diff results/before.jsonl results/after.jsonl
  headcount diff results/mine.jsonl --between variant=multi_head,streaming
  headcount diff results/mine.jsonl --left backend=naive --right backend=blas --format json

Points of one result that stand in one comparison group are compared round by round, others by their medians.
Exit: 0 told (faster, slower, mixed or the same), 1 a point is slower and --fail-if-slower was given, 2 the files
cannot be compared, 3 cannot tell.)";

}  // namespace

Command diff() {
    return {
        .name = "diff",
        .summary = "Compare two results, or two sides of one, point by point: faster, slower, same, cannot tell",
        .declare = [](int& exit_code) {
            auto options = std::make_shared<Options>();
            return CommandLine{
                .flags =
                    {{.name = "a", .into = &options->a, .doc = "the result to compare with", .required = true},
                     {.name = "b", .into = &options->b, .doc = "the result to judge; absent: two sides of A"},
                     {.name = "--between",
                      .into = &options->between,
                      .doc = "FIELD=LEFT,RIGHT: points that differ in this field"},
                     {.name = "--left", .into = &options->left, .doc = "field=value of the points of A; repeatable"},
                     {.name = "--right", .into = &options->right, .doc = "field=value of the points of B; repeatable"},
                     {.name = "--margin",
                      .into = &options->diff.margin,
                      .doc = "times this close, relatively, are the same",
                      .shows_default = true,
                      .range = {0.0, 1.0}},
                     {.name = "--format",
                      .into = &options->format,
                      .doc = "json: everything",
                      .shows_default = true,
                      .choices = table_formats()},
                     {.name = "--fail-if-slower",
                      .into = &options->fail_if_slower,
                      .doc = "exit with 1 when any point is slower"},
                     {.name = "--across-machines",
                      .into = &options->diff.across_machines,
                      .doc = "though the machines are not the same"}},
                .run = [options, &exit_code] { run(*options, exit_code); },
                .footer = kFooter};
        }};
}

}  // namespace headcount::commands
