// A study of the heads of models that we train: from several seeds each masked, pruned by the gradient's importance and
// at random, trained again at the pruned sizes, and timed. What is measured is written at once; a second run goes on
// where the first ended.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "harness/core/point.hpp"
#include "harness/journal/pruning_study.hpp"
#include "harness/pruning/watch.hpp"

namespace headcount {

struct PruningPlan {
    std::int64_t seeds = 8;        ///< models, trained as runs 0, 1 ... of a sweep are
    std::int64_t prune_steps = 8;  ///< numbers of heads left between all and none
    std::int64_t timing_rounds = 30;
};

/// Why the heads of such models cannot be studied; "" when they can. Throws UsageError for an unknown name.
std::string why_no_pruning(const Point& point);

/// What the first line says of point and plan; time, command and environment are left to the caller.
PruningStudyRecord pruning_record(const Point& point, const PruningPlan& plan);

/// Goes on with the study in `path`, or begins it; trainings that are not done with are kept in a folder beside it.
/// False when it was stopped. Throws UsageError when another study is there, Error when it cannot be written or when a
/// training diverges with each of its learning rates.
bool run_pruning_study(const Point& point, const PruningStudyRecord& record, const PruningPlan& plan,
                       const std::filesystem::path& path, const StudyWatch& watch);

}  // namespace headcount
