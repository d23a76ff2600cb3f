// headcount attribute: where the time of more heads goes, and the law it follows.
#include <memory>
#include <string>

#include <fmt/format.h>

#include "harness/analysis/series/attribution.hpp"
#include "harness/analysis/series/law.hpp"
#include "harness/cli/command.hpp"
#include "harness/core/printable.hpp"
#include "harness/journal/journal.hpp"

namespace headcount::commands {
namespace {

constexpr char kLegend[] =
    R"(Milliseconds more than with the fewest heads, paired by round, and where they go.

Measured: softmax, lost GEMM (what the same products take longer), fused core, copies (of layouts), rest. Shares come
from the traced pass, scaled to the timed median; `traced` is that pass over that median: what tracing costs.
Model: traffic is how much longer a verb's counted bytes take at the measured read rate than its arithmetic at the
measured peak; it is taken out of softmax, lost GEMM and fused core. `at most` is what they could lose to memory if
arithmetic hid none of it; where operands stay in cache it is too much. Not part of the sum.
The parts sum to the difference but for the residual, whose interval is that of the difference.

)";

void run(const std::string& result) {
    const Journal journal = read_journal(result);
    for (const std::string& warning : journal.warnings) fmt::print(stderr, "warning: {}\n", printable(warning));
    const RecordSet records(journal);
    const std::vector<HeadSeries> series = head_series(records);
    if (series.empty()) {
        fmt::print("No two points differ in their number of heads alone and share timed rounds.\n");
        return;
    }
    fmt::print("{}{}{}{}", kLegend, attribution_text(series, records.run()),
               "The law T = T_proj + alpha E + beta H, and what it predicts for points left out of the fit\n\n",
               law_text(series));
}

}  // namespace

Command attribute() {
    return {.name = "attribute",
            .summary = "Where the time of more heads goes: softmax, lost GEMM efficiency, memory, copies; and a law",
            .declare = [](int&) {
                auto result = std::make_shared<std::string>();
                return CommandLine{
                    .flags = {{.name = "result", .into = result.get(), .doc = "a journal (.jsonl)", .required = true}},
                    .run = [result] { run(*result); },
                    .footer = "\nExample:\n  headcount attribute results/reference/equal_complexity.jsonl"};
            }};
}

}  // namespace headcount::commands
