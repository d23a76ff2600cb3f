#include "harness/analysis/show/point_table.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/analysis/claims/point_summary.hpp"
#include "harness/analysis/metrics/metric.hpp"
#include "harness/analysis/model/time_bound.hpp"
#include "harness/analysis/records/oversubscription.hpp"
#include "harness/stats/modes.hpp"

namespace headcount {
namespace {

std::vector<std::size_t> rows_shown(const RecordSet& records, bool counted) {
    const auto is_counted = [](const Entry& entry) {
        return entry.recorded && entry.record.outcome == Outcome::counted;
    };
    const bool only_counts = std::ranges::all_of(records.entries(), is_counted);
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < records.entries().size(); ++i) {
        if (counted || only_counts || !is_counted(records.entries()[i])) rows.push_back(i);
    }
    return rows;
}

// Variant, backend and heads always; of the rest what varies. One length where queries and keys agree, and no
// width that follows from the others.
std::vector<std::string> fields_shown(const RecordSet& records, const std::vector<std::size_t>& rows) {
    const auto hidden = [&](const Field& field) {
        const auto silent = [&](std::size_t i) {
            const Entry& entry = records.entries()[i];
            return !entry.resolved || is_default(entry.point, field.name);
        };
        return field.is_alias() ? std::ranges::any_of(
                                      rows, [&](std::size_t i) { return records.entries()[i].resolved && silent(i); })
                                : field.otherwise.empty() && std::ranges::all_of(rows, silent);
    };

    std::vector<std::string> fields;
    for (const Field& field : records.fields().all()) {
        if (hidden(field)) continue;
        std::set<std::string> values;
        for (const std::size_t i : rows) {
            if (records.entries()[i].resolved) values.insert(get_field(records.entries()[i].point, field.name));
        }
        const bool always = field.facet == Facet::who || field.name == "num_heads";
        if (always || values.size() > 1) fields.emplace_back(field.name);
    }
    return fields;
}

std::string count_text(const Entry& entry, std::string_view metric) {
    const Value value = find_metric(metric).value(entry, Ledger::required);
    return value.exact ? to_text(*value.exact) : "";
}

std::string interval(const std::string& low, const std::string& high) { return fmt::format("[{}, {}]", low, high); }

std::string milliseconds(double seconds) { return fmt::format("{:.4g}", 1e3 * seconds); }

struct Rate {
    std::string gflops, share;
};

Rate rate_of(const Entry& entry, double seconds) {
    const double gflops = product_flops(entry.record) / seconds / 1e9;
    Rate rate{.gflops = fmt::format("{:.1f}", gflops), .share = ""};
    const auto& limits = entry.machine->values;
    const auto peak = limits.find(
        fmt::format("fma_gflops.{}.threads={}", to_string(entry.point.problem.dtype), entry.point.num_threads));
    if (peak != limits.end() && peak->second > 0) {
        rate.share = fmt::format("{:.0f} %", 100 * gflops / peak->second);
    }
    return rate;
}

// Where memory is what limits, or one query reads all keys, the share of its bandwidth says more than that of the peak.
bool shows_bandwidth(const RecordSet& records, const std::vector<std::size_t>& rows) {
    return std::ranges::any_of(rows, [&](std::size_t i) {
        const Entry& entry = records.entries()[i];
        if (entry.samples.empty() || !entry.resolved) return false;
        return entry.point.problem.q_len < entry.point.problem.kv_len ||
               time_bound(entry).binding().starts_with("memory");
    });
}

std::vector<std::string> bound_cells(const Entry& entry, const PointSummary& summary, bool bandwidth) {
    std::vector<std::string> cells(bandwidth ? 3 : 2);
    if (summary.rounds == 0) return cells;
    const TimeBound bound = time_bound(entry);
    if (bound.missing.empty()) {
        cells[0] = fmt::format("{:.2f}", summary.time.estimate / bound.seconds());
        cells[1] = bound.binding() + (bound.left_out.empty() ? "" : ", partial");
    }
    const double share = bandwidth_share(entry, summary.time.estimate);
    if (bandwidth && share >= 0) cells[2] = fmt::format("{:.0f} %", 100 * share);
    return cells;
}

std::vector<std::string> timing_cells(const Entry& entry, const PointSummary& summary, bool is_base) {
    if (summary.rounds == 0) return {"", "", "", "", "", "", ""};
    const Rate rate = rate_of(entry, summary.time.estimate);
    const bool has_ratio = summary.base && !is_base;
    return {fmt::format("{}", summary.rounds),
            milliseconds(summary.time.estimate),
            summary.time.bounded() ? interval(milliseconds(summary.time.low), milliseconds(summary.time.high)) : "",
            rate.gflops,
            rate.share,
            has_ratio ? fmt::format("{:.3f}", summary.ratio.estimate) : "",
            has_ratio && summary.ratio.bounded()
                ? interval(fmt::format("{:.3f}", summary.ratio.low), fmt::format("{:.3f}", summary.ratio.high))
                : ""};
}

std::string note_of(const Entry& entry, const PointSummary& summary, bool is_base) {
    std::vector<std::string> notes;
    if (!entry.resolved) notes.push_back(entry.id);
    if (is_base) notes.emplace_back("base");
    if (std::string why = entry.absent_because(); !why.empty()) notes.push_back(std::move(why));
    if (std::string mark = oversubscription(entry); !mark.empty()) notes.push_back(std::move(mark));
    if (summary.rounds > 0 && !summary.time.bounded()) notes.emplace_back("too few rounds for an interval");
    if (summary.autocorrelated) notes.emplace_back("autocorrelated");
    const bool tail = summary.rounds > 0 && summary.p95 > kHeavyTail * summary.time.estimate;
    if (summary.several_modes || tail) {
        notes.push_back(fmt::format("{}: 5 % below {}, 95 % below {} ms", tail ? "heavy tail" : "several modes",
                                    milliseconds(summary.p5), milliseconds(summary.p95)));
    }
    if (std::string broken = broken_bound(time_bound(entry), entry); !broken.empty())
        notes.push_back(std::move(broken));
    return fmt::format("{}", fmt::join(notes, "; "));
}

// A faster time in narrower numbers says nothing without what it costs in accuracy.
bool shows_errors(const RecordSet& records, const std::vector<std::size_t>& rows) {
    std::set<DType> dtypes;
    for (const std::size_t i : rows) {
        if (records.entries()[i].resolved) dtypes.insert(records.entries()[i].point.problem.dtype);
    }
    return dtypes.size() > 1;
}

std::string error_text(const Entry& entry) {
    const Value error = find_metric("max_error").value(entry, Ledger::required);
    return error.rounds.empty() ? "" : fmt::format("{:.2g}", error.rounds.front().value);
}

std::string joined(const std::set<std::string>& texts) { return fmt::format("{}", fmt::join(texts, "; ")); }

}  // namespace

std::string bounds_text(const RecordSet& records) {
    std::set<std::string> lacking, missing;
    std::size_t partial = 0, without = 0;
    for (const Entry& entry : records.entries()) {
        if (entry.samples.empty()) continue;
        const TimeBound bound = time_bound(entry);
        if (!bound.missing.empty()) {
            ++without;
            missing.insert(bound.missing);
        } else if (!bound.left_out.empty()) {
            ++partial;
            lacking.insert(bound.left_out.begin(), bound.left_out.end());
        }
    }
    std::string text;
    if (partial > 0) text += fmt::format("bounds of {} points are partial: {}\n", partial, joined(lacking));
    if (without > 0) text += fmt::format("{} points have no bound: {}\n", without, joined(missing));
    return text;
}

Table point_table(const RecordSet& records, const PointTableOptions& options) {
    const std::vector<std::size_t> rows = rows_shown(records, options.counted);
    const std::vector<std::string> fields = fields_shown(records, rows);
    Table table{.columns = {},
                .rows = {},
                .caption =
                    "Exact counts (required ledger), median time of one pass with its 95 % interval, product "
                    "GFLOP/s and their share of the measured peak, ratio to the base paired by round, time over the "
                    "least that the measured limits allow and what limits it"};
    if (options.ids) table.columns.push_back({.name = "point"});
    for (const std::string& field : fields) table.columns.push_back({.name = field});
    table.columns.push_back({.name = "outcome"});
    std::vector<const char*> names{"exps", "score bytes"};
    if (options.counted) names = {"multiplies", "exps", "score bytes", "peak bytes"};
    names.insert(names.end(), {"n", "median ms", "95 % ms", "GFLOP/s", "of peak", "ratio", "95 % ratio"});
    names.insert(names.end(), {"time / bound", "bound by"});
    const bool bandwidth = options.ids || shows_bandwidth(records, rows);
    if (bandwidth) names.push_back("of DRAM read");
    const bool errors = shows_errors(records, rows);
    if (errors) names.push_back("worst error");
    for (const char* name : names) table.columns.push_back({.name = name, .align = Align::right});
    table.columns.push_back({.name = "note"});

    const std::vector<PointSummary> summaries = summarise(records);
    for (const std::size_t i : rows) {
        const Entry& entry = records.entries()[i];
        const bool is_base = summaries[i].base && *summaries[i].base == i;
        std::vector<std::string> row;
        if (options.ids) row.push_back(entry.id);
        for (const std::string& field : fields) row.push_back(entry.resolved ? get_field(entry.point, field) : "");
        row.emplace_back(entry.recorded ? to_string(entry.record.outcome) : "planned");
        if (options.counted) row.push_back(count_text(entry, "total.multiplies"));
        row.push_back(count_text(entry, "total.exps"));
        const bool scores_known = entry.counts() && entry.record.counted.score_bytes >= 0;
        row.push_back(scores_known ? fmt::format("{}", entry.record.counted.score_bytes) : "");
        if (options.counted) {
            const bool ran = entry.counts() && entry.record.memory.peak_bytes >= 0;
            row.push_back(ran ? fmt::format("{}", entry.record.memory.peak_bytes) : "");
        }
        for (std::string& cell : timing_cells(entry, summaries[i], is_base)) {
            row.push_back(std::move(cell));
        }
        for (std::string& cell : bound_cells(entry, summaries[i], bandwidth)) row.push_back(std::move(cell));
        if (errors) row.push_back(error_text(entry));
        row.push_back(note_of(entry, summaries[i], is_base));
        table.rows.push_back(std::move(row));
    }
    table.notes.push_back(oversubscription_note(records));
    return table;
}

}  // namespace headcount
