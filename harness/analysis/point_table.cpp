#include "harness/analysis/point_table.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/analysis/metric.hpp"
#include "harness/analysis/point_summary.hpp"

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
    const auto everywhere = [&](const auto& holds) {
        return std::ranges::all_of(rows, [&](std::size_t i) {
            const Entry& entry = records.entries()[i];
            return !entry.resolved || holds(entry.point.problem);
        });
    };
    std::set<std::string_view> hidden;
    if (everywhere([](const Problem& p) { return p.q_len == p.kv_len; })) {
        hidden.insert({"q_len", "kv_len"});
    } else {
        hidden.insert("seq_len");
    }
    if (everywhere([](const Problem& p) { return p.num_kv_heads == p.num_heads; })) hidden.insert("num_kv_heads");
    if (everywhere([](const Problem& p) { return p.num_heads * p.head_dim == p.embed_dim; })) hidden.insert("head_dim");
    if (everywhere([](const Problem& p) { return p.value_head_dim == p.head_dim; })) hidden.insert("value_head_dim");
    const std::set<std::string_view> always{"variant", "backend", "num_heads"};

    std::vector<std::string> fields;
    for (const FieldInfo& field : point_fields()) {
        if (hidden.contains(field.name)) continue;
        std::set<std::string> values;
        for (const std::size_t i : rows) {
            if (records.entries()[i].resolved) values.insert(get_field(records.entries()[i].point, field.name));
        }
        if (always.contains(field.name) || values.size() > 1) fields.emplace_back(field.name);
    }
    return fields;
}

std::string count_text(const Entry& entry, std::string_view metric) {
    const Value value = find_metric(metric).value(entry, Ledger::required);
    return value.exact ? to_text(*value.exact) : "";
}

// Two operations a multiply of the matrix products: the convention of the peak that they are compared with.
double product_flops(const Entry& entry) {
    double flops = 0;
    for (const OpPart& part : entry.record.ops) {
        if (part.op == "matmul") flops += 2 * static_cast<double>(part.required.multiplies);
    }
    return flops;
}

std::string interval(const std::string& low, const std::string& high) { return fmt::format("[{}, {}]", low, high); }

std::string milliseconds(double seconds) { return fmt::format("{:.4g}", 1e3 * seconds); }

struct Rate {
    std::string gflops, share;
};

Rate rate_of(const RunRecord& run, const Entry& entry, double seconds) {
    const double gflops = product_flops(entry) / seconds / 1e9;
    Rate rate{.gflops = fmt::format("{:.1f}", gflops), .share = ""};
    const auto peak = run.limits.find(
        fmt::format("fma_gflops.{}.threads={}", to_string(entry.point.problem.dtype), entry.point.num_threads));
    if (peak != run.limits.end() && peak->second > 0) {
        rate.share = fmt::format("{:.0f} %", 100 * gflops / peak->second);
    }
    return rate;
}

std::vector<std::string> timing_cells(const RunRecord& run, const Entry& entry, const PointSummary& summary,
                                      bool is_base) {
    if (summary.rounds == 0) return {"", "", "", "", "", "", ""};
    const Rate rate = rate_of(run, entry, summary.time.estimate);
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
    if (summary.autocorrelated) notes.emplace_back("autocorrelated");
    if (summary.several_modes) notes.emplace_back("several modes");
    return fmt::format("{}", fmt::join(notes, "; "));
}

}  // namespace

Table point_table(const RecordSet& records, const PointTableOptions& options) {
    const std::vector<std::size_t> rows = rows_shown(records, options.counted);
    const std::vector<std::string> fields = fields_shown(records, rows);
    Table table{.columns = {},
                .rows = {},
                .caption =
                    "Exact counts (required ledger), median time of one pass with its 95 % interval, product "
                    "GFLOP/s and their share of the measured peak, ratio to the base paired by round"};
    if (options.ids) table.columns.push_back({.name = "point"});
    for (const std::string& field : fields) table.columns.push_back({.name = field});
    table.columns.push_back({.name = "outcome"});
    std::vector<const char*> names{"exps", "score bytes"};
    if (options.counted) names = {"multiplies", "exps", "score bytes", "peak bytes"};
    names.insert(names.end(), {"n", "median ms", "95 % ms", "GFLOP/s", "of peak", "ratio", "95 % ratio"});
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
        row.push_back(entry.counts() ? fmt::format("{}", entry.record.score_bytes) : "");
        if (options.counted) {
            const bool ran = entry.counts() && entry.record.memory.peak_bytes >= 0;
            row.push_back(ran ? fmt::format("{}", entry.record.memory.peak_bytes) : "");
        }
        for (std::string& cell : timing_cells(records.run(), entry, summaries[i], is_base)) {
            row.push_back(std::move(cell));
        }
        row.push_back(note_of(entry, summaries[i], is_base));
        table.rows.push_back(std::move(row));
    }
    return table;
}

}  // namespace headcount
