// A study of the heads of one trained model: each masked, pruned in two orders, looked at and timed. What is measured
// is written at once; a second run goes on where the first ended.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/journal/head_study.hpp"
#include "harness/pretrained/encoder.hpp"
#include "harness/pretrained/pairs.hpp"
#include "harness/pretrained/runner.hpp"
#include "harness/pruning/watch.hpp"

namespace headcount {

struct HeadStudyPlan {
    std::int64_t prune_steps = 12;   ///< numbers of heads left between all and none
    std::int64_t random_orders = 2;  ///< in which heads are removed besides, to compare the order by importance with
    std::int64_t folds = 8;          ///< of texts, for how alike heads are; an untrained model each
    std::int64_t texts_a_fold = 16;
    std::int64_t timing_rounds = 7, timing_texts = 16;
};

/// Reciprocal ranks (MRR) lost on the even questions without each head, by layer and head: how important it is. The odd
/// questions are left to judge by. Throws Error when a condition is missing.
std::vector<std::vector<double>> importance_of(const HeadStudy& study);

/// Goes on with the study in `path`, or begins it. False when it was stopped. Throws UsageError when another study is
/// there, Error when it cannot be written.
bool run_head_study(const Encoder& encoder, const Pairs& pairs, const Point& point, const HeadStudyRecord& record,
                    const HeadStudyPlan& plan, const std::filesystem::path& path, const StudyWatch& watch);

}  // namespace headcount
