// headcount advise: which number of heads a result supports for a task at a budget, and what it cannot tell apart.
#include <memory>
#include <string>

#include <fmt/format.h>

#include "harness/analysis/compare/advice.hpp"
#include "harness/cli/command.hpp"
#include "harness/core/printable.hpp"
#include "harness/journal/journal.hpp"

namespace headcount::commands {
namespace {

struct Options {
    std::string result, task;
    double budget_ms = 0;
};

void run(const Options& options) {
    const Journal journal = read_journal(options.result);
    for (const std::string& warning : journal.warnings) fmt::print(stderr, "warning: {}\n", printable(warning));
    const RecordSet records(journal);
    const double budget_s = options.budget_ms / 1e3;
    fmt::print("{}", advice_text(advise(records, options.task, budget_s), budget_s, records.fields()));
}

constexpr char kExamples[] = R"(
Errors are medians over the seeds, on test examples; the ratio of two is paired by seed, with its 95 % interval. Points
of one comparison group are set beside each other, of different groups not. Intervals are not corrected for how many
points are compared. The last lines name, by medians, what errs least for its time, FLOPs and cache: the Pareto fronts.

Example:
  headcount advise results/reference/expressiveness.jsonl --task k_lookup --budget-ms 1
  headcount advise results/reference/trade.jsonl --task k_lookup --budget-ms 1            of several mechanisms)";

}  // namespace

Command advise() {
    return {
        .name = "advise",
        .summary = "Which trained point to take at a budget, and which cannot be told apart from it",
        .declare = [](int&) {
            auto options = std::make_shared<Options>();
            return CommandLine{
                .flags = {{.name = "result", .into = &options->result, .doc = "a journal (.jsonl)", .required = true},
                          {.name = "--task", .into = &options->task, .doc = "what was learned", .required = true},
                          {.name = "--budget-ms",
                           .into = &options->budget_ms,
                           .doc = "the most that a training step may take, in ms",
                           .required = true,
                           .positive = true}},
                .run = [options] { run(*options); },
                .footer = kExamples};
        }};
}

}  // namespace headcount::commands
