// The timing of each point in numbers: median with interval, spread, paired ratio to its group's base.
#include "harness/analysis/point_summary.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/analysis/claim.hpp"
#include "harness/analysis/metric.hpp"
#include "harness/stats/autocorrelation.hpp"
#include "harness/stats/modes.hpp"
#include "harness/stats/paired.hpp"

namespace headcount {

namespace {

/// The base case of every comparison group that has samples.
std::map<std::size_t, std::size_t> bases_of(const RecordSet& records) {
    const std::vector<Entry>& entries = records.entries();
    const auto timed = [&](std::size_t i) { return entries[i].resolved && !entries[i].samples.empty(); };
    std::map<std::size_t, std::size_t> bases;
    for (const ClaimSpec& claim : records.run().claims) {
        if (claim.metric != "time" || claim.base.empty()) continue;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (!timed(i)) continue;
            const bool is_base = std::ranges::all_of(claim.base, [&](const auto& wanted) {
                return get_field(entries[i].point, wanted.first) == wanted.second;
            });
            if (is_base) bases.try_emplace(entries[i].samples.front().key.group, i);
        }
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (timed(i)) bases.try_emplace(entries[i].samples.front().key.group, i);
    }
    return bases;
}

std::string count_text(const Entry& entry, std::string_view metric, Ledger ledger) {
    const Value value = find_metric(metric).value(entry, ledger);
    return value.exact ? to_text(*value.exact) : "";
}

std::string bytes_text(std::int64_t bytes) { return bytes < 0 ? "" : fmt::format("{}", bytes); }

}  // namespace

std::vector<PointSummary> summarise(const RecordSet& records) {
    const std::map<std::size_t, std::size_t> bases = bases_of(records);
    const Metric& time = find_metric("time");
    std::vector<PointSummary> summaries;
    for (const Entry& entry : records.entries()) {
        PointSummary summary;
        summary.rounds = entry.samples.size();
        if (summary.rounds > 0) {
            std::vector<double> seconds;
            for (const RoundSample& round : entry.samples) seconds.push_back(round.sample.wall_s);
            summary.time = median_interval(seconds);
            summary.p5 = quantile(seconds, 0.05);
            summary.p95 = quantile(seconds, 0.95);
            summary.autocorrelated = is_autocorrelated(seconds);
            summary.several_modes = has_several_modes(seconds);
            const auto base = bases.find(entry.samples.front().key.group);
            if (base != bases.end()) {
                const Value mine = time.value(entry, Ledger::required);
                const Value other = time.value(records.entries()[base->second], Ledger::required);
                const PairedRounds rounds = paired_rounds(mine, other);
                if (!rounds.value.empty()) {
                    summary.base = base->second;
                    summary.ratio = PairedRatio(rounds.value, rounds.base).interval();
                }
            }
        }
        summaries.push_back(summary);
    }
    return summaries;
}

std::string differing_fields(const Point& point, const Point& other) {
    static constexpr std::array<std::string_view, 3> kDerived{"num_kv_heads", "head_dim", "value_head_dim"};
    std::string text;
    for (const bool derived : {false, true}) {
        for (const FieldInfo& field : point_fields()) {
            if (field.name == "seq_len") continue;  // shown as q_len and kv_len
            if ((std::ranges::find(kDerived, field.name) != kDerived.end()) != derived) continue;
            const std::string value = get_field(other, field.name);
            if (get_field(point, field.name) == value) continue;
            text += fmt::format("{}{}={}", text.empty() ? "" : ", ", field.name, value);
        }
        if (!text.empty()) return text;  // derived widths speak only when nothing else differs
    }
    return "the same point";
}

Table point_table(const RecordSet& records) {
    Table table{.columns = {{.name = "point", .wraps = true}, {.name = "outcome"}},
                .rows = {},
                .caption = "Results: counts of the required ledger, median time with 95 % interval, paired ratio"};
    for (const char* name : {"multiplies", "exps", "score bytes", "peak bytes", "n", "median", "95 % interval", "ratio",
                             "ratio's interval"}) {
        table.columns.push_back({.name = name, .align = Align::right});
    }
    table.columns.push_back({.name = "note", .wraps = true});
    const std::vector<PointSummary> summaries = summarise(records);
    for (std::size_t i = 0; i < summaries.size(); ++i) {
        const Entry& entry = records.entries()[i];
        const PointSummary& summary = summaries[i];
        const bool counts = entry.counts();
        const auto range = [](const std::string& low, const std::string& high) {
            return fmt::format("[{}, {}]", low, high);
        };
        const bool timed = summary.rounds > 0;
        const bool is_base = summary.base && *summary.base == i;
        const bool has_ratio = summary.base && !is_base;
        std::vector<std::string> notes;
        if (is_base) notes.emplace_back("base of its group");
        if (std::string why = entry.absent_because(); !why.empty()) notes.push_back(std::move(why));
        if (summary.autocorrelated) notes.emplace_back("autocorrelated");
        if (summary.several_modes) notes.emplace_back("several modes");
        table.rows.push_back(
            {entry.id, std::string(entry.recorded ? to_string(entry.record.outcome) : "planned"),
             count_text(entry, "total.multiplies", Ledger::required), count_text(entry, "total.exps", Ledger::required),
             counts ? bytes_text(entry.record.score_bytes) : "",
             counts ? bytes_text(entry.record.memory.peak_bytes) : "", timed ? fmt::format("{}", summary.rounds) : "",
             timed ? quantity(summary.time.estimate, "s") : "",
             timed && summary.time.bounded() ? range(quantity(summary.time.low, "s"), quantity(summary.time.high, "s"))
                                             : "",
             has_ratio ? fmt::format("{:.4f}", summary.ratio.estimate) : "",
             has_ratio && summary.ratio.bounded()
                 ? range(fmt::format("{:.4f}", summary.ratio.low), fmt::format("{:.4f}", summary.ratio.high))
                 : "",
             fmt::format("{}", fmt::join(notes, "; "))});
    }
    return table;
}

}  // namespace headcount
