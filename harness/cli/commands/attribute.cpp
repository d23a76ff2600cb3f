// headcount attribute: where the time of more heads goes, and the law it follows.
#include <memory>
#include <string>

#include <fmt/format.h>

#include "harness/analysis/attribution.hpp"
#include "harness/analysis/law.hpp"
#include "harness/cli/command.hpp"
#include "harness/journal/journal.hpp"

namespace headcount::commands {
namespace {

void run(const std::string& result) {
    const Journal journal = read_journal(result);
    for (const std::string& warning : journal.warnings) fmt::print(stderr, "warning: {}\n", warning);
    const RecordSet records(journal);
    const std::vector<HeadSeries> series = head_series(records);
    if (series.empty()) {
        fmt::print("No two points differ in their number of heads alone and share timed rounds.\n");
        return;
    }
    fmt::print(
        "Milliseconds more than with the fewest heads, paired by round, 95 % interval, and where they go.\n"
        "Shares come from the traced pass, scaled to the timed median; `traced` is what tracing made of it.\n\n{}"
        "\nThe law T = T_proj + alpha E + beta H, and what it predicts for points left out of the fit\n\n{}",
        attribution_text(series), law_text(series));
}

}  // namespace

Command attribute() {
    return {.name = "attribute",
            .summary = "Where the time of more heads goes: softmax, lost GEMM efficiency, copies; and a fitted law",
            .add = [](CLI::App& app, int&) {
                auto result = std::make_shared<std::string>();
                app.add_option("result", *result, "a journal (.jsonl)")->required();
                app.footer("\nExample:\n  headcount attribute results/reference/equal_complexity.jsonl");
                app.callback([result] { run(*result); });
            }};
}

}  // namespace headcount::commands
