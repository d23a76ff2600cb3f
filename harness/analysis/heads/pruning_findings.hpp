// What a study of trained and pruned models says. Differences are paired by seed; seeds are independent draws.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/analysis/heads/findings.hpp"
#include "harness/journal/pruning_study.hpp"
#include "harness/stats/interval.hpp"

namespace headcount {

/// One head of one seed's model: by how much the error grows without it, paired by example.
struct MaskedHead {
    std::int64_t seed = 0, layer = 0, head = 0;
    std::int64_t place = 0;  ///< in the order of importance, from 0, the least; layers made comparable
    double importance = 0;
    Interval added{};       ///< error, over the test examples
    double p = 1;           ///< of "none is added on average" (Student)
    double adjusted_p = 1;  ///< Holm's correction over all heads of all seeds
};

/// Over seeds. Intervals of fewer than six seeds have infinite ends.
struct PruningStep {
    std::string name;                 ///< "without place 3", "only in layer 0", "importance 5"
    Interval added{};                 ///< error, against the whole model of the seed
    Interval error{};                 ///< itself
    std::optional<Interval> pass{};   ///< seconds of a forward pass over a batch, median over rounds and seeds
    std::optional<Interval> saved{};  ///< seconds, against the whole model, paired by round
};

/// A number of heads left: pruned in two orders, and trained at that size.
struct PruningCurve {
    std::int64_t left = 0;
    PruningStep pruned{}, random{}, small{};
    /// Error of the model trained small over that of the pruned one.
    Interval small_over_pruned{};
};

struct PruningFindings {
    PruningStudyRecord record;
    std::int64_t seeds = 0;           ///< whose models are there
    Interval whole{};                 ///< error
    std::optional<Interval> pass{};   ///< seconds
    std::vector<MaskedHead> masked;   ///< by seed, layer and head
    std::vector<PruningStep> places;  ///< without the head at each place of the order of importance
    std::vector<PruningStep> only;    ///< with one head in a layer, its most important, by layer
    std::vector<PruningCurve> curve;  ///< from few removed to all
    Interval rank_correlation{};      ///< of importance with the error that is added, Spearman's, over seeds
    std::vector<HeadVerdict> verdicts;
};

PruningFindings find_pruning(const PruningStudy& study);

}  // namespace headcount
