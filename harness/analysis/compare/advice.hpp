// Which of the trained points to take at a budget, and which cannot be told apart from it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/records/record_set.hpp"
#include "harness/stats/interval.hpp"

namespace headcount {

/// One trained point of a comparison group.
struct Candidate {
    const Entry* entry = nullptr;
    double step_s = 0;  ///< the median time of a step
    double flops = 0;   ///< of a step, that the definition needs
    double kept = 0;    ///< bytes of one sequence that decoding would keep
    double error = 0;   ///< the median test error
    bool affordable = false;
    Interval ratio{};  ///< of its error to that of the best, paired by seed; of the best itself {1, 1, 1}

    /// Whether the seeds leave open which of the two errs less.
    bool tied() const { return ratio.low <= 1; }
};

/// What is known of the points of one group, the best affordable one first, then by their errors; nothing is affordable
/// where the first is not.
struct HeadAdvice {
    std::string group;
    std::vector<Candidate> candidates;
};

/// One for each comparison group of the task. Throws UsageError when the result has no training of it, and names those
/// that it has.
std::vector<HeadAdvice> advise(const RecordSet& records, std::string_view task, double budget_s);

/// In sentences, for a terminal: what to take at the budget, and the Pareto front of errors and each cost.
std::string advice_text(const std::vector<HeadAdvice>& advice, double budget_s, const FieldTable& fields);

}  // namespace headcount
