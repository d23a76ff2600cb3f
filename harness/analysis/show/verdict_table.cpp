// Verdicts as a table for documents: one row a claim, combinations below it.
#include <fmt/format.h>

#include "harness/analysis/show/verdict_text.hpp"

namespace headcount {

namespace {

std::string status_text(const Verdict& verdict) {
    std::string text(to_string(verdict.status));
    if (!verdict.as_expected()) text += " (expected " + verdict.expected + ")";
    return text;
}

std::string base_text(const Verdict& verdict) {
    if (verdict.base_value.empty()) return verdict.base;
    return verdict.base.empty() ? verdict.base_value : verdict.base_value + " at " + verdict.base;
}

std::string margin_text(const Verdict& verdict) {
    return verdict.exact ? fmt::format("{} {}", verdict.kind, verdict.margin) : verdict.margin;
}

/// "28/30": combinations with this status of all.
std::string count_text(const Verdict& verdict) {
    return verdict.summary ? fmt::format("{}/{}", verdict.agreeing, verdict.combinations) : "";
}

}  // namespace

Table verdict_table(const std::vector<Verdict>& verdicts, bool combinations) {
    Table table{.columns = {{.name = "claim"},
                            {.name = "says"},
                            {.name = "status"},
                            {.name = "observed"},
                            {.name = "interval"},
                            {.name = "margin"},
                            {.name = "base case"},
                            {.name = "n", .align = Align::right},
                            {.name = "reproduce"}},
                .rows = {},
                .caption = "Verdicts"};
    for (const Verdict& v : verdicts) {
        if (!v.summary && !combinations) continue;
        table.rows.push_back({v.claim, v.summary ? v.says : v.combination, status_text(v),
                              v.observed.empty() ? v.reason : v.observed, v.interval_text(), margin_text(v),
                              base_text(v), count_text(v), v.command});
    }
    return table;
}

}  // namespace headcount
