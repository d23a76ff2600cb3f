// A result as plain files: what plots, spreadsheets and other people's tools read.
#include "harness/analysis/show/export.hpp"

#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/analysis/claims/point_summary.hpp"
#include "harness/analysis/metrics/metric.hpp"
#include "harness/analysis/model/breakdown.hpp"
#include "harness/analysis/model/time_bound.hpp"
#include "harness/analysis/records/libraries.hpp"
#include "harness/analysis/records/oversubscription.hpp"
#include "harness/analysis/series/exponents.hpp"
#include "harness/analysis/show/gbench_json.hpp"
#include "harness/analysis/table/table_files.hpp"
#include "harness/journal/json.hpp"

namespace headcount {

namespace {

std::string number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }
std::string number(std::int64_t value) { return fmt::format("{}", value); }
/// -1 means unavailable.
std::string available(std::int64_t value) { return value < 0 ? "" : number(value); }
std::string available(double value) { return value < 0 ? "" : number(value); }

std::vector<Column> columns(const std::vector<std::string>& names) {
    std::vector<Column> result;
    for (const std::string& name : names) result.push_back({.name = name});
    return result;
}

void append_counts(std::vector<std::string>& row, const Entry& entry) {
    const PointRecord& record = entry.record;
    if (entry.counts()) {
        for (std::int64_t value : {record.counted.parameters, record.counted.kv_cache_bytes, record.counted.score_bytes,
                                   record.counted.workspace_bytes, record.memory.peak_bytes,
                                   record.memory.process_peak_bytes, record.counted.inputs_bytes}) {
            row.push_back(available(value));
        }
    } else {
        row.insert(row.end(), 7, "");
    }
    for (const char* metric : {"total.flops", "total.exps"}) {
        for (Ledger ledger : {Ledger::required, Ledger::executed}) {
            const Value value = find_metric(metric).value(entry, ledger);
            row.push_back(value.exact ? to_text(*value.exact) : "");
        }
    }
}

void append_times(std::vector<std::string>& row, const PointSummary& summary, const RecordSet& records) {
    row.push_back(number(static_cast<std::int64_t>(summary.rounds)));
    if (summary.rounds > 0) {
        for (double value : {summary.time.estimate, summary.time.low, summary.time.high, summary.p5, summary.p95}) {
            row.push_back(number(value));
        }
    } else {
        row.insert(row.end(), 5, "");
    }
    if (summary.base) {
        const bool bounded = summary.ratio.bounded();  // an unbounded ratio reaches down to 0, which is no bound
        row.push_back(number(summary.ratio.estimate));
        row.push_back(bounded ? number(summary.ratio.low) : "");
        row.push_back(bounded ? number(summary.ratio.high) : "");
        row.push_back(records.entries()[*summary.base].id);
    } else {
        row.insert(row.end(), 4, "");
    }
}

/// A bound that is none says so in `bound_lacks`.
void append_bounds(std::vector<std::string>& row, const Entry& entry, const PointSummary& summary) {
    const Value bytes = find_metric("compulsory_bytes").value(entry, Ledger::required);
    const TimeBound bound = time_bound(entry);
    const bool known = bound.missing.empty(), timed = summary.rounds > 0;
    row.push_back(entry.counts() ? number(product_flops(entry.record)) : "");
    row.push_back(bytes.exact ? to_text(*bytes.exact) : "");
    row.push_back(known ? number(bound.seconds()) : "");
    row.push_back(bound.binding());
    row.push_back(known ? fmt::format("{}", fmt::join(bound.left_out, "; ")) : bound.missing);
    row.push_back(known && timed ? number(summary.time.estimate / bound.seconds()) : "");
    row.push_back(known && timed ? number(static_cast<std::int64_t>(samples_below(bound, entry))) : "");
    row.push_back(timed ? available(bandwidth_share(entry, summary.time.estimate)) : "");
}

}  // namespace

Table points_csv(const RecordSet& records) {
    std::vector<std::string> fields;
    for (const Field& field : records.fields().all()) {
        if (!field.is_alias()) fields.push_back(field.name);
    }
    Table table{.columns = columns({"point", "part", "group", "outcome", "reason"}), .rows = {}};
    for (const Column& column : columns(fields)) table.columns.push_back(column);
    for (const Column& column : columns({"parameters",
                                         "kv_cache_bytes",
                                         "score_bytes",
                                         "workspace_bytes",
                                         "peak_bytes",
                                         "process_peak_bytes",
                                         "inputs_bytes",
                                         "required_flops",
                                         "executed_flops",
                                         "required_exps",
                                         "executed_exps",
                                         "n_rounds",
                                         "median_s",
                                         "low_s",
                                         "high_s",
                                         "p5_s",
                                         "p95_s",
                                         "ratio",
                                         "ratio_low",
                                         "ratio_high",
                                         "ratio_base",
                                         "max_error",
                                         "error_bound",
                                         "autocorrelated",
                                         "several_modes",
                                         "disturbed_share",
                                         "oversubscribed",
                                         "product_flops",
                                         "compulsory_bytes",
                                         "bound_s",
                                         "bound_by",
                                         "bound_lacks",
                                         "time_over_bound",
                                         "samples_below_bound",
                                         "bandwidth_share"})) {
        table.columns.push_back(column);
    }
    const std::vector<PointSummary> summaries = summarise(records);
    for (std::size_t i = 0; i < records.entries().size(); ++i) {
        const Entry& entry = records.entries()[i];
        std::vector<std::string> row{entry.id, records.parts_of(i), entry.record.group,
                                     std::string(entry.recorded ? to_string(entry.record.outcome) : "planned"),
                                     entry.record.reason};
        for (const std::string& field : fields) row.push_back(entry.resolved ? get_field(entry.point, field) : "");
        append_counts(row, entry);
        append_times(row, summaries[i], records);
        const CheckRecord& check = entry.record.check;
        row.push_back(check.done ? number(check.max_error) : "");
        row.push_back(check.done ? number(check.bound) : "");
        const auto flag = [&](bool raised) { return summaries[i].rounds == 0 ? "" : (raised ? "true" : "false"); };
        row.emplace_back(flag(summaries[i].autocorrelated));
        row.emplace_back(flag(summaries[i].several_modes));
        row.push_back(summaries[i].disturbed_share < 0 ? "" : number(summaries[i].disturbed_share));
        row.emplace_back(flag(!oversubscription(entry).empty()));
        append_bounds(row, entry, summaries[i]);
        table.rows.push_back(std::move(row));
    }
    return table;
}

Table ops_csv(const RecordSet& records) {
    Table table{.columns = columns(
                    {"point", "op", "role", "ledger", "multiplies", "adds", "compares", "divides", "exps", "bytes"}),
                .rows = {}};
    for (const Entry& entry : records.entries()) {
        for (const OpPart& part : entry.record.counted.ops) {
            for (Ledger ledger : {Ledger::required, Ledger::executed}) {
                if (ledger == Ledger::executed && !part.executed_known) continue;
                const OpCost& cost = ledger == Ledger::required ? part.required : part.executed;
                table.rows.push_back({entry.id, part.op, part.role, std::string(to_string(ledger)),
                                      number(cost.multiplies), number(cost.adds), number(cost.compares),
                                      number(cost.divides), number(cost.exps), number(cost.bytes())});
            }
        }
    }
    return table;
}

Table breakdown_csv(const RecordSet& records) {
    Table table{.columns = columns({"point", "verb", "role", "seconds", "share", "low_s", "high_s"}), .rows = {}};
    for (const Entry& entry : records.entries()) {
        for (const SpanRecord& span : entry.record.breakdown) {
            table.rows.push_back({entry.id, span.verb, span.role, number(span.seconds),
                                  std::string(share_of(span).name), available(span.low_s), available(span.high_s)});
        }
    }
    return table;
}

Table exponents_csv(const RecordSet& records) {
    Table table{.columns = columns({"point", "lengths", "paired", "exponent", "low", "high", "first_step", "last_step",
                                    "median_exponent", "median_low", "median_high"}),
                .rows = {}};
    for (const Exponent& e : exponents(records)) {
        table.rows.push_back({e.shortest->id, number(static_cast<std::int64_t>(e.lengths)), e.paired ? "true" : "false",
                              number(e.slope.estimate), number(e.slope.low), number(e.slope.high), number(e.first_step),
                              number(e.last_step), number(e.of_medians.estimate), number(e.of_medians.low),
                              number(e.of_medians.high)});
    }
    return table;
}

Table samples_csv(const RecordSet& records) {
    Table table{.columns = columns({"point", "group", "stratum", "round", "order", "wall_s", "cpu_s", "iterations",
                                    "involuntary_switches", "page_faults", "disturbed", "foreign_load", "steal_s",
                                    "load_1min", "machine_changed"}),
                .rows = {}};
    for (const Entry& entry : records.entries()) {
        for (const auto& [key, sample, round] : entry.samples) {
            const RoundMarks& marks = records.marks()[round];
            std::string changed;
            for (const auto& [name, value] : marks.changed) {
                changed += fmt::format("{}{}={}", changed.empty() ? "" : "; ", name, value);
            }
            table.rows.push_back(
                {entry.id, records.groups()[key.group], number(std::int64_t{key.stratum}),
                 number(std::int64_t{key.round}), number(std::int64_t{sample.order}), number(sample.wall_s),
                 number(sample.cpu_s), number(sample.iterations), available(sample.involuntary_switches),
                 available(sample.page_faults), marks.foreign_load < 0 ? "" : (marks.disturbed ? "true" : "false"),
                 available(marks.foreign_load), available(marks.steal_s), available(marks.load_1min), changed});
        }
    }
    return table;
}

/// One row a training: what it learned with which rate, and how long a step took.
Table trainings_csv(const RecordSet& records) {
    Table table{.columns = columns({"point", "group", "round", "learning_rate", "steps", "step_s", "validation_error",
                                    "test_error", "first_loss", "last_loss"}),
                .rows = {}};
    for (const Entry& entry : records.entries()) {
        for (const RoundSample& taken : entry.samples) {
            const Sample& sample = taken.sample;
            if (sample.results.empty()) continue;
            const auto result = [&](const char* name) {
                const auto found = sample.results.find(name);
                return found == sample.results.end() ? std::string() : number(found->second);
            };
            table.rows.push_back({entry.id, records.groups()[taken.key.group], number(std::int64_t{taken.key.round}),
                                  result("learning_rate"), number(sample.iterations), number(sample.wall_s),
                                  result("validation_error"), result("test_error"),
                                  sample.curve.empty() ? "" : number(sample.curve.front()),
                                  sample.curve.empty() ? "" : number(sample.curve.back())});
        }
    }
    return table;
}

/// One row a stretch of a training: the mean loss of its batches, and the step at its end.
Table curves_csv(const RecordSet& records) {
    Table table{.columns = columns({"point", "group", "round", "step", "loss"}), .rows = {}};
    for (const Entry& entry : records.entries()) {
        for (const RoundSample& taken : entry.samples) {
            const std::vector<double>& curve = taken.sample.curve;
            const auto stretches = static_cast<std::int64_t>(curve.size());
            for (std::int64_t i = 0; i < stretches; ++i) {
                table.rows.push_back({entry.id, records.groups()[taken.key.group],
                                      number(std::int64_t{taken.key.round}),
                                      number((i + 1) * taken.sample.iterations / stretches),
                                      number(curve[static_cast<std::size_t>(i)])});
            }
        }
    }
    return table;
}

Table verdicts_csv(const std::vector<Verdict>& verdicts) {
    Table table{
        .columns = columns({"claim",  "says",   "status",     "expected", "combination",  "summary", "kind",
                            "metric", "ledger", "observed",   "estimate", "low",          "high",    "exact",
                            "margin", "base",   "base_value", "unit",     "combinations", "reason",  "command"}),
        .rows = {}};
    for (const Verdict& v : verdicts) {
        const bool measured = !v.exact && v.interval.bounded();
        table.rows.push_back({v.claim,
                              v.says,
                              std::string(to_string(v.status)),
                              v.expected,
                              v.combination,
                              v.summary ? "true" : "false",
                              v.kind,
                              v.metric,
                              v.ledger,
                              v.observed,
                              measured ? number(v.interval.estimate) : "",
                              measured ? number(v.interval.low) : "",
                              measured ? number(v.interval.high) : "",
                              v.exact ? "true" : "false",
                              v.margin,
                              v.base,
                              v.base_value,
                              v.unit,
                              number(std::int64_t{v.combinations}),
                              v.reason,
                              v.command});
    }
    return table;
}

void export_data(const RecordSet& records, const std::vector<Verdict>& verdicts, const std::filesystem::path& directory,
                 std::string_view format) {
    make_folder(directory);
    write_tables(directory,
                 {{"points", points_csv(records)},
                  {"ops", ops_csv(records)},
                  {"breakdown", breakdown_csv(records)},
                  {"shares", shares_csv()},
                  {"libraries", libraries_csv(records)},
                  {"instruction_sets", instruction_sets_csv()},
                  {"exponents", exponents_csv(records)},
                  {"samples", samples_csv(records)},
                  {"trainings", trainings_csv(records)},
                  {"curves", curves_csv(records)},
                  {"verdicts", verdicts_csv(verdicts)}},
                 format);
    write_file(directory / "run.json", to_json(records.run()).dump(2) + "\n");
}

void export_data(const Journal& journal, const std::string& result_path, const std::filesystem::path& directory,
                 std::string_view format) {
    const RecordSet records(journal);
    export_data(records, verify(records, {.result_path = result_path}), directory, format);
}

void export_gbench(const Journal& journal, const std::filesystem::path& file) {
    if (file.has_parent_path()) make_folder(file.parent_path());
    write_file(file, to_gbench_json(RecordSet(journal)));
}

}  // namespace headcount
