// Records with every field set to something other than its default, shared by the journal's tests.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "harness/journal/record.hpp"

namespace headcount {

/// What the call says when it throws; "" when it does not. (Catch2's matchers differ between its versions.)
template <class Call>
std::string message_of(const Call& call) {
    try {
        call();
    } catch (const std::exception& error) {
        return error.what();
    }
    return {};
}

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

inline RunRecord sample_run() {
    RunRecord run;
    run.run = "run-1";
    run.started = "2026-03-01T12:00:00Z";
    run.name = "equal_complexity";
    run.question = "Does \"splitting\" cost?\nA second line, \u00fc and \\";
    run.config_path = "configs/x.yaml";
    run.config_text = "question: ?\n";
    run.profile = "smoke";
    run.left_out = {{"processors", "one is enough"}};
    run.config_hash = "c-1";
    run.command = {"headcount", "run", "configs/x.yaml"};
    run.seed = 18446744073709551615U;
    run.protocol = {.min_rounds = 3,
                    .max_rounds = 7,
                    .target_rel_ci = 0.03,
                    .min_sample_s = 1e-3,
                    .budget_s = 9,
                    .timeout_s = 8,
                    .cold_cache = true,
                    .memory_limit_bytes = std::int64_t{1} << 40,
                    .oversubscribe = true};
    run.parts = {{.name = "core", .compare_by = {"num_heads"}, .axes = {"num_heads"}, .point_ids = {"a/b/q_len=1"}}};
    run.claims = {{.id = "R3",
                   .says = "the same",
                   .metric = "core.multiplies",
                   .ledger = Ledger::executed,
                   .across = {"num_heads"},
                   .base = {{"num_heads", "1"}},
                   .where = {{"backend", {"blas", "naive"}}},
                   .part = "core",
                   .kind = "equal",
                   .argument = "exactly",
                   .outcome = "supported",
                   .location = "configs/x.yaml:7:15"}};
    run.environment = {{"cpu.model", "a machine"}, {"cpu.governor", "unavailable: no such file"}};
    run.limits = {{"fma_gflops.f32.threads=1", 123.5}};
    run.self_comparison = {.points = {"a/b/q_len=1", "a/b/q_len=1,seed=0"}, .wall_s = {{1, 2}, {2, 1}}, .seconds = 0.5};
    run.shard = "1/2";
    run.sources = {{.id = "run-1-0",
                    .run = "run-0",
                    .shard = "2/2",
                    .started = "2026-03-01T11:00:00Z",
                    .command = {"headcount", "run"},
                    .environment = {{"host", "h"}},
                    .limits = {{"read_gbps.threads=1", 7.5}}}};
    return run;
}

inline RoundRecord sample_round(int number = 0) {
    RoundRecord round;
    round.run = "run-1";
    round.group = "main: variant=a";
    round.round = number;
    round.stratum = 2;
    round.finished = "2026-03-01T12:00:01Z";
    round.seconds = 0.25;
    round.load_1min = 0.5;
    round.foreign_load = 0.125;
    round.steal_s = 0.01;
    round.disturbed = true;
    round.changed = {{"cpu.governor", "powersave"}};
    round.samples = {{.point = "a/b/q_len=1",
                      .order = 1,
                      .iterations = 12,
                      .wall_s = 0.1 + 1e-17 * number,
                      .cpu_s = 0.2,
                      .involuntary_switches = 3,
                      .page_faults = 4,
                      .counters = {{"cycles", 1.5e6}, {"counted_share", 0.5}},
                      .results = {{"test_error", 0.25}},
                      .curve = {1, 0.5}}};
    return round;
}

inline TuningRecord sample_tuning(const std::string& id = "a/b/q_len=1") {
    return {.run = "run-1",
            .point = id,
            .finished = "2026-03-01T12:00:00Z",
            .learning_rate = 0.003,
            .tried = {sample_round().samples.front(), sample_round().samples.front()}};
}

inline ResumeRecord sample_resume() {
    ResumeRecord resume;
    resume.run = "run-1";
    resume.started = "2026-03-01T13:00:00Z";
    resume.command = {"headcount", "run", "--budget", "10m"};
    resume.protocol = {.min_rounds = 3, .budget_s = 600};
    resume.changed = "budget_s was 9.0, is 600.0";
    resume.points = 5;
    resume.rounds = 7;
    return resume;
}

inline PointRecord sample_point(const std::string& id = "a/b/q_len=1") {
    PointRecord point;
    point.run = "run-1";
    point.point = id;
    point.group = "main: variant=a";
    point.budget_s = 2.5;
    point.outcome = Outcome::measured;
    point.reason = "none";
    point.counted.ops = {
        {.op = "matmul",
         .role = "scores",
         .required = {.multiplies = 9223372036854775807, .adds = 2, .compares = 3, .divides = 4, .exps = 5},
         .executed = {.multiplies = 6, .bytes_read = 7, .bytes_written = 8}}};
    point.counted.parameters = 9;
    point.counted.kv_cache_bytes = 10;
    point.counted.score_bytes = 11;
    point.counted.query_block = 12;
    point.counted.workspace_bytes = 13;
    point.counted.inputs_bytes = 16;
    point.memory = {.peak_bytes = 14, .process_peak_bytes = 15, .note = "a note"};
    point.check = {.done = true,
                   .max_error = 1e-7,
                   .bound = 1e-5,
                   .worst = "batch 0, row 1",
                   .rows_checked = 17,
                   .rows_total = 18,
                   .again = 0.25};
    point.breakdown = {{.verb = "matmul", .role = "scores", .seconds = 0.5, .low_s = 0.4, .high_s = 0.6}};
    point.traced_s = 0.75;
    point.rounds = 19;
    point.stopped_because = "budget";
    point.spent_s = {{"check", 0.125}};
    return point;
}

}  // namespace headcount
