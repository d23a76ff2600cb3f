// Where the time goes: the traced pass by share, and where the overhead of heads comes from.
#include "harness/analysis/breakdown.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <fmt/format.h>

#include "harness/analysis/point_summary.hpp"

namespace headcount {

namespace {

constexpr std::array<std::string_view, 5> kProjections{"query", "key", "value", "output", "qkv"};

std::size_t share_of(const SpanRecord& span) {
    const auto named = [](std::string_view name) {
        return static_cast<std::size_t>(std::ranges::find(kShares, name, &Share::name) - kShares.begin());
    };
    if (span.verb == "copy") return named("copies");
    if (span.verb == "attend") return named("fused");
    if (span.verb == "softmax_rows") return named("softmax");
    if (span.verb == "matmul") {
        if (span.role == "scores" || span.role == "context") return named(span.role);
        if (std::ranges::find(kProjections, span.role) != kProjections.end()) return named("projections");
    }
    return named("other");
}

}  // namespace

std::array<double, kShares.size()> shares_of(const PointRecord& record) {
    std::array<double, kShares.size()> seconds{};
    for (const SpanRecord& span : record.breakdown) seconds[share_of(span)] += span.seconds;
    return seconds;
}

namespace {

/// Wall time of the traced pass; what lies outside the verbs goes to the last share, so that the shares sum to it.
double traced_total(const PointRecord& record, std::array<double, kShares.size()>& shares) {
    const double inside = std::accumulate(shares.begin(), shares.end(), 0.0);
    if (record.traced_s < 0) return inside;
    shares.back() += record.traced_s - inside;
    return record.traced_s;
}

}  // namespace

Table overhead_table(const RecordSet& records) {
    Table table{.columns = {{.name = "base", .wraps = true}, {.name = "against", .wraps = true}},
                .rows = {},
                .caption = "Where the overhead comes from: milliseconds more than the base, timed and traced"};
    table.columns.push_back({.name = "time", .align = Align::right});
    table.columns.push_back({.name = "timed +", .align = Align::right});
    table.columns.push_back({.name = "traced +", .align = Align::right});
    for (const Share& share : kShares)
        table.columns.push_back({.name = std::string(share.name), .align = Align::right});

    const auto milliseconds = [](double seconds) { return fmt::format("{:+.3f}", 1e3 * seconds); };
    const auto summaries = summarise(records);
    std::map<std::size_t, std::size_t> furthest;  // base -> the point furthest from it
    for (std::size_t i = 0; i < summaries.size(); ++i) {
        const PointSummary& point = summaries[i];
        if (point.rounds == 0 || !point.base || *point.base == i) continue;
        const auto [place, added] = furthest.try_emplace(*point.base, i);
        const double base = summaries[*point.base].time.estimate;
        if (!added && std::abs(point.time.estimate - base) > std::abs(summaries[place->second].time.estimate - base)) {
            place->second = i;
        }
    }
    for (const auto& [base, other] : furthest) {
        const Entry& from = records.entries()[base];
        const Entry& to = records.entries()[other];
        if (from.record.breakdown.empty() || to.record.breakdown.empty()) continue;
        auto before = shares_of(from.record);
        auto after = shares_of(to.record);
        const double traced_before = traced_total(from.record, before);
        const double traced_after = traced_total(to.record, after);
        std::vector<std::string> row{from.id, differing_fields(from.point, to.point),
                                     fmt::format("{:.3f}", 1e3 * summaries[base].time.estimate),
                                     milliseconds(summaries[other].time.estimate - summaries[base].time.estimate),
                                     milliseconds(traced_after - traced_before)};
        for (std::size_t i = 0; i < kShares.size(); ++i) row.push_back(milliseconds(after[i] - before[i]));
        table.rows.push_back(std::move(row));
    }
    return table;
}

std::string overhead_text(const RecordSet& records) {
    constexpr std::size_t kFirstShare = 5;  // after base, against, time, timed +, traced +
    const Table table = overhead_table(records);
    if (table.rows.empty()) return "";
    std::string text =
        "\nWhere the time of more heads goes, in ms (timed: medians of the samples; traced: passes of their own)\n";
    for (const std::vector<std::string>& row : table.rows) {
        text += fmt::format("{} to {}\n    base {}, timed {}, traced {}:", row[0], row[1], row[2], row[3], row[4]);
        for (std::size_t i = kFirstShare; i < row.size(); ++i) {
            if (row[i].substr(1) != "0.000") text += fmt::format(" {} {}", table.columns[i].name, row[i]);
        }
        text += "\n";
    }
    return text;
}

}  // namespace headcount
