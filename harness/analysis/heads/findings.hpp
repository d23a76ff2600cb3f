// What a study of heads says: losses with intervals, pruning curves, how alike heads are, and the claims about them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/journal/head_study.hpp"
#include "harness/stats/decision.hpp"
#include "harness/stats/interval.hpp"

namespace headcount {

/// How well a condition does: recall at 1, and what it loses against the whole model, paired by question. Shares of 1.
struct HeadEffect {
    std::string name;
    std::int64_t layer = 0, head = 0;  ///< where the condition is about one head
    Interval recall;
    Interval loss;
    double mrr = 0;                  ///< mean reciprocal rank
    double mrr_loss = 0;             ///< mean over questions
    std::int64_t lost = 0, won = 0;  ///< questions that only the whole model, or only this one, answers
    double p = 1;                    ///< of "as many questions are lost as won" (sign test)
    double adjusted_p = 1;           ///< Holm's correction over all single heads
};

/// A number of heads left, in one order of removing them; of the questions that did not choose the order.
struct PruneStep {
    std::string order;  ///< "importance", "random 1"
    std::int64_t heads_left = 0;
    Interval recall, loss;
    std::optional<Interval> seconds_per_text;  ///< of the order by importance
};

/// Over the folds of the texts.
struct LayerAlikeness {
    std::int64_t layer = 0;
    Interval trained_js, untrained_js;                ///< mean over pairs of heads, bits
    Interval js_ratio;                                ///< trained over untrained
    Interval trained_effective, untrained_effective;  ///< heads, by the spectrum of the alignment of their outputs
};

struct HeadVerdict {
    std::string id, says, found;
    Status status = Status::inconclusive;
};

struct HeadFindings {
    HeadStudyRecord record;
    std::optional<HeadEffect> whole;
    std::vector<HeadEffect> masked;     ///< without one head
    std::vector<HeadEffect> only_best;  ///< of a layer its most important head alone
    std::vector<PruneStep> pruned;
    std::vector<LayerAlikeness> alike;
    std::vector<HeadVerdict> verdicts;  ///< of those claims whose part of the study is complete
};

HeadFindings find_heads(const HeadStudy& study);

}  // namespace headcount
