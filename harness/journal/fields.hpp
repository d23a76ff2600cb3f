// The fields of every record, each with unit and meaning: one list for writing, reading and results/README.md.
#pragma once

#include <array>
#include <concepts>
#include <type_traits>

#include "harness/journal/record.hpp"

namespace headcount {

/// What stands beside a field's name in results/README.md. Nothing here is written into a journal.
struct FieldDoc {
    const char* meaning;
    const char* unit = "";  ///< "s", "bytes", "1e9/s"; "" where the meaning says it, or there is none
};

template <class T, class Record>
concept Is = std::same_as<std::remove_const_t<T>, Record>;

// A visitor V is called with name, value and FieldDoc for each field in the order of the line. Besides:
//   v.where(name, value, known, doc)   a value that may be unknown; absent then
//   v.unless_empty(name, value, doc)   for what most machines do not have and a million samples would repeat
//   v.group(name, visit, doc)          an object whose fields visit(inner) lists

template <class V, Is<OpCost> R>
void fields(V& v, R& r) {
    v("multiplies", r.multiplies, FieldDoc{"what counts as one of these: docs/flops.md"});
    v("adds", r.adds, FieldDoc{"subtractions included"});
    v("compares", r.compares, FieldDoc{"of the maxima of softmax"});
    v("divides", r.divides, FieldDoc{"of softmax"});
    v("exps", r.exps, FieldDoc{"exponentials"});
    v("bytes_read", r.bytes_read, FieldDoc{"of operands", "bytes"});
    v("bytes_written", r.bytes_written, FieldDoc{"of results", "bytes"});
}

template <class V, Is<OpPart> R>
void fields(V& v, R& r) {
    v("op", r.op, FieldDoc{"the kind of work: `matmul`, `softmax`, `copy` ..."});
    v("role", r.role, FieldDoc{"what for: `query`, `scores`, `context` ..."});
    v("required", r.required, FieldDoc{"what the definition needs"});
    v.where("executed", r.executed, r.executed_known,
            FieldDoc{"what this path does; absent where an engine in another process does the work"});
}

template <class V, Is<Protocol> R>
void fields(V& v, R& r) {
    v("min_rounds", r.min_rounds, FieldDoc{"rounds of the first look"});
    v("max_rounds", r.max_rounds, FieldDoc{"rounds of the last look; 0: nothing is timed"});
    v("target_rel_ci", r.target_rel_ci, FieldDoc{"stop when the interval of the ratio is narrower, relative"});
    v("min_sample_s", r.min_sample_s, FieldDoc{"a sample lasts at least", "s"});
    v("budget_s", r.budget_s, FieldDoc{"for the whole sweep", "s"});
    v("timeout_s", r.timeout_s, FieldDoc{"for one visit of one point", "s"});
    v("cold_cache", r.cold_cache, FieldDoc{"caches are emptied before each sample"});
    v("memory_limit_bytes", r.memory_limit_bytes, FieldDoc{"0: 80 % of what was available", "bytes"});
    v("oversubscribe", r.oversubscribe,
      FieldDoc{"points with more threads than processors are measured, and marked, where others are skipped"});
}

template <class V, Is<ClaimSpec> R>
void fields(V& v, R& r) {
    v("id", r.id, FieldDoc{"`R3`"});
    v("says", r.says, FieldDoc{"the claim in words"});
    v("metric", r.metric, FieldDoc{"what is compared: `headcount list metrics`"});
    v("ledger", r.ledger, FieldDoc{"`required` or `executed`"});
    v("across", r.across, FieldDoc{"fields along which it compares; one verdict for each combination of the others"});
    v("base", r.base, FieldDoc{"field and value of the base case; empty: the first point"});
    v("where", r.where, FieldDoc{"field and values: the points it speaks of"});
    v("part", r.part, FieldDoc{"which grid; `\"\"`: the main one"});
    v("kind", r.kind, FieldDoc{"`equal`, `within`, `proportional_to` ...: `headcount list claims`"});
    v("argument", r.argument, FieldDoc{"of the kind: `exactly`, `0.02`, an expression ..."});
    v("outcome", r.outcome, FieldDoc{"what the config expects of an exact claim; `\"\"` for measured ones"});
    v("location", r.location, FieldDoc{"file, line and column in the config"});
    v.unless_empty("source", r.source, FieldDoc{"who claims it: an entry of `configs/sources.bib`"});
}

template <class V, Is<PartRecord> R>
void fields(V& v, R& r) {
    v("name", r.name, FieldDoc{"`\"\"` is the main grid"});
    v("compare_by", r.compare_by, FieldDoc{"points that differ only here are one comparison group"});
    v("axes", r.axes, FieldDoc{"fields that vary"});
    v("point_ids", r.point_ids, FieldDoc{"all points, in the order written"});
}

template <class V, Is<Sample> R>
void fields(V& v, R& r) {
    v("point", r.point, FieldDoc{"its id"});
    v("order", r.order, FieldDoc{"place in the shuffled round"});
    v("iterations", r.iterations, FieldDoc{"passes in the sample"});
    v("wall_s", r.wall_s, FieldDoc{"one pass", "s"});
    v("cpu_s", r.cpu_s, FieldDoc{"one pass, all threads", "s"});
    v("involuntary_switches", r.involuntary_switches, FieldDoc{"in the timed part; -1 unavailable"});
    v("page_faults", r.page_faults, FieldDoc{"minor and major, in the timed part; -1 unavailable"});
    v.unless_empty("counters", r.counters,
                   FieldDoc{"for one pass, where the machine counts: `cycles`, `instructions`, `cache_references`, "
                            "`cache_misses`, `energy_j`; `counted_share` below 1: scaled up from that share of the "
                            "time; absent where there are none"});
    v.unless_empty("results", r.results,
                   FieldDoc{"of a training: `test_error`, `validation_error` (mean squared error over the variance of "
                            "the targets), `learning_rate`; its passes are steps"});
    v.unless_empty("curve", r.curve, FieldDoc{"of a training: the mean loss in equal stretches of its steps"});
}

template <class V, Is<TuningRecord> R>
void fields(V& v, R& r) {
    v("schema_version", r.schema_version, FieldDoc{"of this line"});
    v("run", r.run, FieldDoc{"which it belongs to"});
    v("point", r.point, FieldDoc{"canonical id"});
    v("finished", r.finished, FieldDoc{"ISO 8601, UTC"});
    v("learning_rate", r.learning_rate, FieldDoc{"which was chosen: the smallest `validation_error`"});
    v("tried", r.tried, FieldDoc{"one training for each rate, with a seed that no round has"});
}

template <class V, Is<CheckRecord> R>
void fields(V& v, R& r) {
    v("done", r.done, FieldDoc{"false for a backend that does not compute"});
    v("max_error", r.max_error, FieldDoc{"where it is largest in units of its bound"});
    v("bound", r.bound, FieldDoc{"what was allowed there"});
    v("worst", r.worst, FieldDoc{"where: `batch 0, row 511, col 37`"});
    v("rows_checked", r.rows_checked, FieldDoc{"query rows (x batch) compared"});
    v("rows_total", r.rows_total, FieldDoc{"of so many"});
    v("again", r.again,
      FieldDoc{"after the last round, on inputs that the point had not seen: the largest error over its bound; -1 not "
               "compared, as an engine, which is in every visit"});
}

template <class V, Is<SpanRecord> R>
void fields(V& v, R& r) {
    v("verb", r.verb, FieldDoc{"which"});
    v("role", r.role, FieldDoc{"what for"});
    v("seconds", r.seconds, FieldDoc{"all its calls in one pass", "s"});
    v("low_s", r.low_s, FieldDoc{"lower end of its 95 % interval over the traced passes; -1: too few of them", "s"});
    v("high_s", r.high_s, FieldDoc{"upper end", "s"});
}

template <class V, Is<SelfComparison> R>
void fields(V& v, R& r) {
    v("points", r.points, FieldDoc{"two that differ in `seed` alone"});
    v("wall_s", r.wall_s, FieldDoc{"`[point][round]`, one pass", "s"});
    v("seconds", r.seconds, FieldDoc{"it took in all", "s"});
}

template <class V, Is<SourceRecord> R>
void fields(V& v, R& r) {
    v("id", r.id, FieldDoc{"what its lines in the merged file name as their run"});
    v("run", r.run, FieldDoc{"its own"});
    v("shard", r.shard, FieldDoc{"as below"});
    v("started", r.started, FieldDoc{"ISO 8601, UTC"});
    v("command", r.command, FieldDoc{"how it was started"});
    v("environment", r.environment, FieldDoc{"as above"});
    v("limits", r.limits, FieldDoc{"as above"});
    v.unless_empty("self_comparison", r.self_comparison, FieldDoc{"its own"});
}

template <class V, Is<FieldRecord> R>
void fields(V& v, R& r) {
    v("name", r.field.name, FieldDoc{"of an axis, a flag and a column"});
    v("type", r.field.type, FieldDoc{"`name`, `integer`, `boolean` or `choice`"});
    v("facet", r.field.facet,
      FieldDoc{"what it says of a point: `who`, `size`, `width`, `meaning`, `execution` or `data`"});
    v("default", r.field.otherwise, FieldDoc{"text; `\"\"` where it is required or follows from others"});
    bool bounded = r.field.type == FieldType::integer;
    v.where("min", r.field.min, bounded, FieldDoc{"integers only"});
    v.where("max", r.field.max, bounded, FieldDoc{"integers only"});
    v.unless_empty("choices", r.field.choices, FieldDoc{"choices only"});
    v("doc", r.field.doc, FieldDoc{"its meaning"});
    v.unless_empty("symbol", r.field.symbol, FieldDoc{"what tables and equations call it"});
    v.unless_empty("follows", r.field.follows, FieldDoc{"fields that its default is made from"});
    v.unless_empty("stands_for", r.field.stands_for, FieldDoc{"fields that it sets together"});
    v.unless_empty(
        "of", r.of,
        FieldDoc{"`variant NAME`, `backend NAME` or `task NAME` (`*`: all): who adds it; absent: every point has it"});
}

template <class V, Is<RunRecord> R>
void fields(V& v, R& r) {
    v("schema_version", r.schema_version, FieldDoc{"of this line"});
    v("run", r.run,
      FieldDoc{"`run-` and a hash of config, profile, seed, protocol (all but `budget_s`, `timeout_s`, "
               "`memory_limit_bytes`, `oversubscribe`), machine and build"});
    v("started", r.started, FieldDoc{"ISO 8601, UTC"});
    v("name", r.name, FieldDoc{"of the config: its file name without ending"});
    v("question", r.question, FieldDoc{"what was asked, verbatim"});
    v("config_path", r.config_path, FieldDoc{"where it was read"});
    v("config_text", r.config_text, FieldDoc{"the file, verbatim"});
    v("profile", r.profile, FieldDoc{"which one; `\"\"` for none"});
    v("config_hash", r.config_hash, FieldDoc{"of points and claims"});
    v("command", r.command, FieldDoc{"how it was started"});
    v("seed", r.seed, FieldDoc{"of inputs and of the order"});
    v("protocol", r.protocol, FieldDoc{"how long and how often"});
    v.unless_empty(
        "fields", r.fields,
        FieldDoc{"the fields that a point of this run may have; absent in files from before they were kept"});
    v("parts", r.parts, FieldDoc{"the grids of the config"});
    v("claims", r.claims, FieldDoc{"what is to be judged"});
    v.unless_empty(
        "left_out", r.left_out,
        FieldDoc{"what the config leaves out (`processors`, `cpu.governor` ...) and its reason; absent where "
                 "it gives none"});
    v("environment", r.environment,
      FieldDoc{"text by key: `cpu.*`, `memory.*`, `kernel`, `host`, `hypervisor`, `load`, `clock.*`, `perf_events`, "
               "`energy`, `libc`, `compiler`, `flags`, `build_type`, `native`, `version`, `commit`, `dirty`, "
               "`env.*` (what became of libraries' variables), "
               "`waiting` (of idle threads), `<backend>.*`, `engine.<name>` (what an engine says of itself); "
               "`unavailable: why` where it cannot be read"});
    v("limits", r.limits, FieldDoc{"measured before the first sample; see below"});
    v.unless_empty("self_comparison", r.self_comparison,
                   FieldDoc{"the run's own A/A comparison (docs/measurement.md); absent where none was taken"});
    v("shard", r.shard,
      FieldDoc{"`k/n`: only this part of the points was to be run; `\"\"`: all. `parts` lists all of them either way"});
    v("sources", r.sources, FieldDoc{"of a merged file, else empty; see below"});
}

template <class V, Is<ResumeRecord> R>
void fields(V& v, R& r) {
    v("schema_version", r.schema_version, FieldDoc{"of this line"});
    v("run", r.run, FieldDoc{"which went on"});
    v("started", r.started, FieldDoc{"ISO 8601, UTC"});
    v("command", r.command, FieldDoc{"how it was started"});
    v("protocol", r.protocol,
      FieldDoc{"under which it went on: other than the run's in `budget_s`, `timeout_s`, `memory_limit_bytes` and "
               "`oversubscribe` at most"});
    v("changed", r.changed, FieldDoc{"`budget_s was 1.0, is 600.0`: against what held before; `\"\"`: nothing"});
    v.unless_empty("installed", r.installed, FieldDoc{"facts of libraries and engines that were missing before"});
    v.unless_empty("again", r.again, FieldDoc{"points that were skipped or had failed, and are tried again"});
    v("points", r.points, FieldDoc{"records of points that were there already"});
    v("rounds", r.rounds, FieldDoc{"likewise"});
}

template <class V, Is<RoundRecord> R>
void fields(V& v, R& r) {
    v("schema_version", r.schema_version, FieldDoc{"of this line"});
    v("run", r.run, FieldDoc{"which it belongs to"});
    v("group", r.group, FieldDoc{"the comparison group: part, and what its points share"});
    v("round", r.round, FieldDoc{"0, 1, 2 ... within the group"});
    v("stratum", r.stratum, FieldDoc{"which worker process of the group"});
    v("finished", r.finished, FieldDoc{"ISO 8601, UTC"});
    v("seconds", r.seconds, FieldDoc{"the whole round took, warm iterations included", "s"});
    v("load_1min", r.load_1min, FieldDoc{"load average; -1 unavailable"});
    v("foreign_load", r.foreign_load,
      FieldDoc{"processors kept busy by others, over the last quarter of a second or more; -1 unavailable"});
    v("steal_s", r.steal_s, FieldDoc{"taken by the hypervisor during the round, all processors; -1 unavailable", "s"});
    v("disturbed", r.disturbed, FieldDoc{"`foreign_load` was above a fifth of a processor"});
    v.unless_empty("changed", r.changed,
                   FieldDoc{"of `cpu.governor`, `cpu.boost`, `cpu.smt`, `cpu.online` those that are no longer what the "
                            "`environment` says; absent when none"});
    v.unless_empty("limits", r.limits,
                   FieldDoc{"`fma_gflops.f32.threads=N` in one window of 3 ms before the round, for the threads of its "
                            "points; in rounds a quarter of a second apart, absent in others. Analysis takes the "
                            "median over a run's rounds for that limit"});
    v("samples", r.samples, FieldDoc{"in the order taken"});
}

template <class V, Is<PointRecord> R>
void fields(V& v, R& r) {
    v("schema_version", r.schema_version, FieldDoc{"of this line"});
    v("run", r.run, FieldDoc{"which it belongs to"});
    v("point", r.point, FieldDoc{"canonical id; `headcount show ID` explains it"});
    v("group", r.group, FieldDoc{"its first comparison group; `\"\"` when not timed"});
    v("outcome", r.outcome,
      FieldDoc{"`measured`, `counted` (never meant to be timed), `skipped` (cannot run here), `failed`"});
    v("reason", r.reason, FieldDoc{"of skipped and failed"});
    v("ops", r.counted.ops, FieldDoc{"summed by `op` and `role`"});
    v("parameters", r.counted.parameters, FieldDoc{"elements of the weights"});
    v("kv_cache_bytes", r.counted.kv_cache_bytes, FieldDoc{"keys and values of all heads", "bytes"});
    v("score_bytes", r.counted.score_bytes,
      FieldDoc{"high-water mark of score matrices; -1 unknown, as the workspace of an engine", "bytes"});
    v("query_block", r.counted.query_block,
      FieldDoc{"rows of q that the fused core keeps in fast memory; 0 without it"});
    const auto memory = [&r](auto& inner) {
        inner("predicted_bytes", r.counted.workspace_bytes, FieldDoc{"workspace, by dry run; -1 unknown", "bytes"});
        inner("peak_bytes", r.memory.peak_bytes, FieldDoc{"workspace of a real run; -1 not run", "bytes"});
        inner("process_peak_bytes", r.memory.process_peak_bytes,
              FieldDoc{"a fresh process over its baseline: inputs, weights and library buffers too; -1 unavailable",
                       "bytes"});
        inner("inputs_bytes", r.counted.inputs_bytes, FieldDoc{"inputs, weights and output", "bytes"});
        inner("note", r.memory.note, FieldDoc{"why something is unavailable"});
    };
    v.group("memory", memory, FieldDoc{"predicted and measured"});
    v("check", r.check, FieldDoc{"against the float64 reference"});
    v("breakdown", r.breakdown, FieldDoc{"of a traced pass: the mean of the middle half of several"});
    v("traced_s", r.traced_s, FieldDoc{"that pass as a whole; -1 without one", "s"});
    v("rounds", r.rounds, FieldDoc{"how many"});
    v("stopped_because", r.stopped_because,
      FieldDoc{"`target_rel_ci`, `plateau`, `max_rounds` or `budget`; of a point that failed `timeout_s` or "
               "`memory_limit_bytes`, where it met that bound"});
    bool bounded = r.bound >= 0;
    v.where("bound", r.bound, bounded, FieldDoc{"the value of that bound; -1 without one"});
    v("budget_s", r.budget_s, FieldDoc{"the budget that ended it; -1 when something else did", "s"});
    v("spent_s", r.spent_s, FieldDoc{"outside the rounds: `check`, `calibrate`, `tune`, `trace`, `memory`", "s"});
}

/// The values that an enum has in text.
constexpr std::array<Ledger, 2> values_of(Ledger /*type*/) { return {Ledger::required, Ledger::executed}; }
constexpr std::array<FieldType, 4> values_of(FieldType /*type*/) {
    return {FieldType::name, FieldType::integer, FieldType::boolean, FieldType::choice};
}
constexpr std::array<Facet, 6> values_of(Facet /*type*/) {
    return {Facet::who, Facet::size, Facet::width, Facet::meaning, Facet::execution, Facet::data};
}
constexpr std::array<Outcome, 4> values_of(Outcome /*type*/) {
    return {Outcome::measured, Outcome::counted, Outcome::skipped, Outcome::failed};
}

}  // namespace headcount
