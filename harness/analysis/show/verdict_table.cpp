// Verdicts as a table for documents: one row a claim, combinations below it.
#include <algorithm>

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

/// Of several cases people are told the worst; for programs that has columns of its own.
void add_observed(std::vector<std::string>& row, const Verdict& v, Audience audience) {
    if (audience == Audience::programs || !v.worst || v.worst->cases < 2) {
        row.push_back(v.observed.empty() ? v.reason : v.observed);
        row.push_back(v.interval_text());
        return;
    }
    const WorstCase& worst = *v.worst;
    row.push_back(
        fmt::format("{} {:.4g} at {}, of {} cases", worst.rank(), worst.ratio.estimate, worst.label, worst.cases));
    row.push_back(worst.ratio.bounded() ? fmt::format("[{:.4g}, {:.4g}]", worst.ratio.low, worst.ratio.high) : "");
}

void add_numbers(Table& table) {
    for (const char* name : {"ratio", "ratio_low", "ratio_high", "supported_in", "refuted_in", "inconclusive_in",
                             "worst_ratio", "worst_low", "worst_high", "worst_at"}) {
        table.columns.push_back({.name = name, .align = Align::right});
    }
}

void add_interval(std::vector<std::string>& row, const Interval& interval) {
    row.push_back(fmt::format("{}", interval.estimate));
    row.push_back(interval.bounded() ? fmt::format("{}", interval.low) : "");
    row.push_back(interval.bounded() ? fmt::format("{}", interval.high) : "");
}

void add_numbers(std::vector<std::string>& row, const Verdict& v, const std::vector<Verdict>& all) {
    if (v.exact || !v.interval.bounded()) {
        row.insert(row.end(), 3, "");
    } else {
        add_interval(row, v.interval);
    }
    for (const Status status : {Status::supported, Status::refuted, Status::inconclusive}) {
        const auto agrees = [&](const Verdict& one) {
            return !one.summary && one.claim == v.claim && one.status == status;
        };
        row.push_back(v.summary ? fmt::format("{}", std::ranges::count_if(all, agrees)) : "");
    }
    if (v.worst) {
        add_interval(row, v.worst->ratio);
        row.push_back(v.worst->label + (v.worst->combination == "all" ? "" : ", " + v.worst->combination));
    } else {
        row.insert(row.end(), 4, "");
    }
}

}  // namespace

Table verdict_table(const std::vector<Verdict>& verdicts, bool combinations, Audience audience) {
    Table table{.columns = {{.name = "claim"},
                            {.name = "says", .wraps = audience == Audience::paper},
                            {.name = "status"},
                            {.name = "observed", .wraps = audience == Audience::paper},
                            {.name = "interval"}},
                .rows = {},
                .caption = "Verdicts on the claims, with 95 % intervals of what was measured",
                .blank = "A dash: no interval, as it follows from other verdicts or from too few rounds"};
    if (audience != Audience::paper) {
        for (const char* name : {"margin", "base case"}) table.columns.push_back({.name = name});
        table.columns.push_back({.name = "n", .align = Align::right});
        table.columns.push_back({.name = "reproduce"});
    }
    if (audience == Audience::programs) add_numbers(table);
    for (const Verdict& v : verdicts) {
        if (!v.summary && !combinations) continue;
        std::vector<std::string> row{v.claim, v.summary ? v.says : v.combination, status_text(v)};
        add_observed(row, v, audience);
        if (audience != Audience::paper) {
            for (const std::string& cell : {margin_text(v), base_text(v), count_text(v), v.command})
                row.push_back(cell);
        }
        if (audience == Audience::programs) add_numbers(row, v, verdicts);
        table.rows.push_back(std::move(row));
    }
    return table;
}

}  // namespace headcount
