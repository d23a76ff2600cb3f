// Two points timed in the same rounds: their ratio, from the log ratio of each round.
#pragma once

#include <span>

#include "harness/stats/signed_rank.hpp"

namespace headcount {

/// value / base, paired by round so that drift of the machine cancels: Hodges-Lehmann on log ratios.
class PairedRatio {
public:
    /// values[i] and base[i] are of the same round, in the order of the rounds; all positive. Throws Error.
    PairedRatio(std::span<const double> values, std::span<const double> base, Draws draws = Draws::in_time);

    Interval interval(double confidence = 0.95) const;
    double p_at_least(double ratio) const;  ///< p-value of "the true ratio is at least `ratio`"
    double p_at_most(double ratio) const;   ///< p-value of "the true ratio is at most `ratio`"
    const SignedRank& logs() const { return logs_; }

private:
    SignedRank logs_;
};

/// Relative width of the 95 % interval of the paired ratio: what the stopping rule looks at.
double relative_ci_width(std::span<const double> values, std::span<const double> base);

}  // namespace headcount
