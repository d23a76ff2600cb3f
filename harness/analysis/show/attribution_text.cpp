// The parts of the time of more heads for a terminal: one table for each series of heads.
#include <algorithm>

#include <fmt/format.h>

#include "harness/analysis/series/attribution.hpp"
#include "harness/analysis/table/table.hpp"

namespace headcount {

namespace {

constexpr const char* kTraffic = "traffic (model)";

std::string milliseconds(double seconds) {
    const std::string text = fmt::format("{:+.3f}", 1e3 * seconds);
    return text == "-0.000" ? "+0.000" : text;
}

std::string with_interval(const Interval& interval) {
    return fmt::format("{} [{}, {}]", milliseconds(interval.estimate), milliseconds(interval.low),
                       milliseconds(interval.high));
}

std::string residual(const Attribution& a) {
    return with_interval(a.residual()) + (a.residual_within_interval() ? "" : " OUTSIDE");
}

struct Term {
    std::string name;
    std::string (*cell)(const Attribution&);
};

/// In the order of the sum; parts that are nothing in the whole series are left out.
const std::vector<Term>& terms() {
    static const std::vector<Term> all{
        {"softmax", [](const Attribution& a) { return milliseconds(a.softmax); }},
        {"lost GEMM", [](const Attribution& a) { return milliseconds(a.products_slower_s); }},
        {"more products", [](const Attribution& a) { return milliseconds(a.gemm_work); }},
        {"fused core", [](const Attribution& a) { return milliseconds(a.fused); }},
        {kTraffic, [](const Attribution& a) { return milliseconds(a.traffic); }},
        {"copies", [](const Attribution& a) { return milliseconds(a.copies); }},
        {"rest", [](const Attribution& a) { return milliseconds(a.rest); }}};
    return all;
}

}  // namespace

std::string attribution_text(const std::vector<HeadSeries>& all, const RunRecord& run) {
    std::string text;
    for (const HeadSeries& series : all) {
        const std::vector<Attribution> attributions = attribute(series, run);
        if (attributions.empty()) continue;
        Table table{.columns = {{.name = "H", .align = Align::right}, {.name = "difference [95 %]"}}, .rows = {}};
        for (const Attribution& a : attributions) {
            table.rows.push_back({fmt::format("{}", a.point->point.problem.num_heads), with_interval(a.difference)});
        }
        for (const Term& term : terms()) {
            std::vector<std::string> cells;
            for (const Attribution& a : attributions) cells.push_back(term.cell(a));
            const bool model = term.name == kTraffic;
            if (!model && std::ranges::all_of(cells, [](const std::string& cell) { return cell == "+0.000"; }))
                continue;
            table.columns.push_back({.name = term.name, .align = Align::right});
            for (std::size_t i = 0; i < cells.size(); ++i) table.rows[i].push_back(cells[i]);
            if (!model) continue;
            table.columns.push_back({.name = "at most", .align = Align::right});
            for (std::size_t i = 0; i < cells.size(); ++i) {
                const Attribution& a = attributions[i];
                table.rows[i].push_back(a.has_traffic ? milliseconds(a.traffic_at_most) : "unknown");
            }
        }
        table.columns.push_back({.name = "residual [95 %]"});
        table.columns.push_back({.name = "traced", .align = Align::right});
        for (std::size_t i = 0; i < attributions.size(); ++i) {
            const Attribution& a = attributions[i];
            table.rows[i].push_back(residual(a));
            table.rows[i].push_back(fmt::format("{:.3f}", a.point_tracing));
        }
        text += fmt::format("{}: {:.4g} ms with {:g} head(s), traced {:.3f}\n{}\n", series.name,
                            1e3 * median(series.times_of(0)), series.heads.front(), attributions.front().base_tracing,
                            to_terminal(table));
    }
    return text;
}

}  // namespace headcount
