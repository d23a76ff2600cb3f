// The kinds of journal line. Plain data; json.hpp turns each into one line and back.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/core/count.hpp"
#include "harness/core/field.hpp"
#include "harness/core/point.hpp"
#include "harness/core/sweep.hpp"

namespace headcount {

/// Bumped when a field changes meaning; old versions stay readable (a fixture of each must load).
inline constexpr int kSchemaVersion = 1;

/// A field that points of the run may have.
struct FieldRecord {
    Field field;
    std::string of;  ///< "variant local": who adds it; "" for one that every point has
};

/// Which points belong to which grid of the config.
struct PartRecord {
    std::string name;
    std::vector<std::string> compare_by;
    std::vector<std::string> axes;
    std::vector<std::string> point_ids;
};

/// An A/A comparison: two points that do the same, timed before a run's first round as any two of its points are.
struct SelfComparison {
    std::vector<std::string> points{};          ///< they differ in their seed alone; empty: none was taken
    std::vector<std::vector<double>> wall_s{};  ///< [point][round], per iteration
    double seconds = 0;                         ///< it took in all, setting up included

    bool empty() const { return points.empty(); }
};

/// One of the runs whose journals were merged: what its own run record said of machine and moment.
struct SourceRecord {
    std::string id;     ///< what its lines in the merged file name as their run
    std::string run;    ///< its own
    std::string shard;  ///< "2/4"; "" for the whole
    std::string started;
    std::vector<std::string> command;
    std::map<std::string, std::string> environment;
    std::map<std::string, double> limits;
    SelfComparison self_comparison = {};
};

/// Written once, first: the question, the method and the machine.
struct RunRecord {
    int schema_version = kSchemaVersion;
    std::string run;      ///< hash of config and environment; every other line names it
    std::string started;  ///< ISO 8601, UTC
    std::string name, question, config_path, config_text, profile, config_hash;
    std::vector<std::string> command;  ///< argv that made it
    std::uint64_t seed = 1;
    Protocol protocol;
    std::vector<FieldRecord> fields;  ///< empty in journals from before fields were kept
    std::vector<PartRecord> parts;
    std::vector<ClaimSpec> claims;
    std::map<std::string, std::string> left_out = {};  ///< what the config leaves out -> its reason
    /// "cpu.model", "kernel", "compiler", "flags", "commit", "dirty", "openblas.config" ...; what cannot be
    /// read says "unavailable: why".
    std::map<std::string, std::string> environment;
    /// Measured limits of the machine: "fma_gflops.f32.threads=1", "read_gbps" ...
    std::map<std::string, double> limits;
    SelfComparison self_comparison = {};  ///< what this run could tell apart; of a merged file each source has its own
    std::string shard;                    ///< "2/4": only this part of the points was to be run; "": all
    std::vector<SourceRecord> sources;    ///< of a merged file; empty otherwise
};

/// A later run that went on with the journal; written before the first line that it adds.
struct ResumeRecord {
    int schema_version = kSchemaVersion;
    std::string run;
    std::string started;               ///< ISO 8601, UTC
    std::vector<std::string> command;  ///< argv that made it
    Protocol protocol;    ///< under which it went on; what identifies the measurement is as in the run record
    std::string changed;  ///< "budget_s was 1.0, is 600.0": against what held before; "": nothing
    std::map<std::string, std::string> installed;  ///< facts of libraries and engines that were missing before
    std::vector<std::string> again;                ///< points tried again that were skipped or had failed
    std::int64_t points = 0, rounds = 0;           ///< records that were there already
};

/// One visit of one point.
struct Sample {
    std::string point;
    int order = 0;  ///< place in the shuffled round
    std::int64_t iterations = 1;
    double wall_s = 0;                      ///< per iteration
    double cpu_s = 0;                       ///< per iteration, all threads of the process
    std::int64_t involuntary_switches = 0;  ///< during the timed part of the visit, all threads; -1: unavailable
    std::int64_t page_faults = -1;          ///< minor and major, during the timed part; -1: unavailable
    /// During the timed part, per iteration, where the machine counts: "cycles", "instructions", "cache_references",
    /// "cache_misses", "energy_j"; below 1, "counted_share" says that events were multiplexed and are scaled.
    std::map<std::string, double> counters = {};
    /// Of a training: "test_error", "validation_error", "learning_rate"; and the mean loss in equal stretches of its
    /// steps. An iteration is a step then.
    std::map<std::string, double> results = {};
    std::vector<double> curve = {};
};

/// The trainings of a point that chose its learning rate, before the first whose test error counts.
struct TuningRecord {
    int schema_version = kSchemaVersion;
    std::string run;
    std::string point;         ///< Point::id()
    std::string finished;      ///< ISO 8601, UTC
    double learning_rate = 0;  ///< of these, with the smallest validation error
    std::vector<Sample> tried;
};

/// Processors kept busy by others from which on a round is marked: a fifth of one is more than the background of an
/// idle machine, and enough to be felt when it lands on our core.
inline constexpr double kForeignLoad = 0.2;

/// All samples of one complete block: the unit that is never lost or doubled.
struct RoundRecord {
    int schema_version = kSchemaVersion;
    std::string run;
    std::string group;      ///< id of the comparison group
    int round = 0;          ///< 0, 1, 2 ... within the group
    int stratum = 0;        ///< which worker process of the group; rounds of different workers are strata
    std::string finished;   ///< ISO 8601, UTC
    double seconds = 0;     ///< the whole round took, warm iterations included
    double load_1min = -1;  ///< -1: unavailable
    /// Processors kept busy by others during the round (0.5: half of one), steal included; -1: unavailable
    double foreign_load = -1;
    double steal_s = -1;     ///< time stolen by the hypervisor during the round; -1: unavailable
    bool disturbed = false;  ///< the foreign load was above kForeignLoad: its samples are kept and counted apart
    /// "cpu.governor", "cpu.boost", "cpu.smt", "cpu.online": those that are not what the run record's environment says.
    std::map<std::string, std::string> changed = {};
    /// Measured by the round's worker before it, as in RunRecord; now and then, not in every round.
    std::map<std::string, double> limits = {};
    std::vector<Sample> samples;
};

enum class Outcome : std::uint8_t { measured, counted, skipped, failed };
std::string_view to_string(Outcome outcome);

/// What the check against the float64 reference found.
struct CheckRecord {
    bool done = false;
    double max_error = 0;                           ///< |out - reference| where it is largest in units of its bound
    double bound = 0;                               ///< what was allowed there
    std::string worst;                              ///< "batch 0, row 511, col 37"
    std::int64_t rows_checked = 0, rows_total = 0;  ///< query rows (x batch) covered
    double again = -1;  ///< after the last round, on inputs not seen before: the error over its bound; -1: not compared
};

/// What a real run took; what was predicted stands in Count.
struct MemoryRecord {
    std::int64_t peak_bytes = -1;          ///< workspace high-water mark of a real run; -1: not run
    std::int64_t process_peak_bytes = -1;  ///< VmHWM of a fresh process over its baseline; -1: unavailable
    std::string note;                      ///< why something is unavailable
};

/// Where a traced pass spent its time: one verb and role, summed over its calls.
struct SpanRecord {
    std::string verb, role;
    double seconds = 0;
    double low_s = -1, high_s = -1;  ///< 95 % interval over the traced passes; -1: too few of them
};

/// What became of one point; written when it is done.
struct PointRecord {
    int schema_version = kSchemaVersion;
    std::string run;
    std::string point;  ///< Point::id()
    std::string group;  ///< comparison group, "" when not timed
    Outcome outcome = Outcome::counted;
    std::string reason;  ///< skipped, failed: why
    Count counted;       ///< empty where it could not be
    MemoryRecord memory;
    CheckRecord check;
    std::vector<SpanRecord> breakdown;  ///< mean of the middle half of the traced passes
    double traced_s = -1;  ///< wall time of those passes; beside the samples' median it shows the tracing overhead
    int rounds = 0;
    std::string stopped_because;  ///< "target_rel_ci", "plateau", "max_rounds", "budget"; failed: the bound it met
    double bound = -1;            ///< failed at "timeout_s" or "memory_limit_bytes": what that was
    double budget_s = -1;         ///< the budget that ended it; -1: it ended for another reason
    std::map<std::string, double> spent_s;  ///< outside the rounds: "check", "calibrate", "tune", "trace", "memory"
};

}  // namespace headcount
