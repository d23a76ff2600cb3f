// What `headcount heads POINT` writes: a file of lines like a journal's, of models that were trained from several seeds
// and of what becomes of them without some of their heads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/journal/head_study.hpp"

namespace headcount {

/// How the first line of every such study begins.
inline constexpr std::string_view kPruningStudyStart = R"({"kind":"pruning_study",)";

/// The first line. Layers, heads and seeds are numbered from 0.
struct PruningStudyRecord {
    int schema_version = 1;
    std::string started;  ///< ISO 8601, UTC
    std::vector<std::string> command;
    std::map<std::string, std::string> environment;
    std::string point;  ///< its id, which has all fields; those that readers want stand beside it
    std::string task, variant, backend;
    std::int64_t layers = 0, num_heads = 0, head_dim = 0;
    std::int64_t batch = 0;     ///< examples in a pass that is timed
    std::int64_t examples = 0;  ///< of the test, and as many of the validation, whose gradients make the order
    std::string unit;           ///< of errors: "NMSE", "bits"
    std::int64_t seeds = 0, prune_steps = 0;
};

/// One training, with the learning rate that erred least on validation examples.
struct PruningTrainingRecord {
    std::int64_t seed = 0;
    std::vector<std::int64_t> heads;  ///< of each layer
    double learning_rate = 0, validation_error = 0, test_error = 0;
    double seconds = 0;  ///< of its steps
};

/// How important the heads of the whole model are.
struct PruningImportanceRecord {
    std::int64_t seed = 0;
    /// Mean size of the derivative of an example's error by a gate on the head, by layer and head.
    std::vector<std::vector<double>> importance;
    std::vector<HeadPlace> order;  ///< all heads, the least important first
};

/// A model on the test examples.
struct PruningConditionRecord {
    std::int64_t seed = 0;
    std::string name;                 ///< "whole", "without 0.3", "only 0.3", "importance 5", "random 5", "small 5"
    std::vector<std::int64_t> heads;  ///< of each layer that are left
    std::vector<HeadPlace> removed;   ///< of the whole model; of a small one nothing is
    std::vector<double> errors;       ///< of each example, to five digits; their mean is the model's
};

/// Forward passes of models of one size, in rounds in which all sizes take turns.
struct PruningTimingRecord {
    std::vector<std::int64_t> heads;  ///< of each layer
    std::vector<double> seconds;      ///< of a pass over a batch, one a round
};

/// (Seed, heads) of trainings, seeds of importances, (seed, name) of conditions and heads of timings are unique.
struct PruningStudy {
    PruningStudyRecord record;
    std::vector<PruningTrainingRecord> trainings;
    std::vector<PruningImportanceRecord> importances;
    std::vector<PruningConditionRecord> conditions;
    std::vector<PruningTimingRecord> timings;
    std::vector<std::string> warnings;

    /// Null when there is none.
    const PruningConditionRecord* condition(std::int64_t seed, std::string_view name) const;
    const PruningImportanceRecord* importance(std::int64_t seed) const;
    const PruningTimingRecord* timing(const std::vector<std::int64_t>& heads) const;
};

std::string study_line(const PruningStudyRecord& record);
std::string study_line(const PruningTrainingRecord& record);
std::string study_line(const PruningImportanceRecord& record);
std::string study_line(const PruningConditionRecord& record);
std::string study_line(const PruningTimingRecord& record);

/// Whether a file begins like such a study; false for what is not there.
bool is_pruning_study(const std::filesystem::path& path);
/// Damaged lines are left out with a warning. Throws UsageError: no such file, no such study, a newer version.
PruningStudy read_pruning_study(const std::filesystem::path& path);

}  // namespace headcount
