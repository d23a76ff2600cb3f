// Where a sample of differences lies: Hodges-Lehmann estimate, signed-rank interval and tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "harness/stats/interval.hpp"
#include "harness/stats/sign_test.hpp"

namespace headcount {

/// P(T <= t) of Wilcoxon's signed-rank statistic for n untied differences: exact to 100, normal with
/// continuity correction beyond (the two differ by less than 1e-3 there).
double signed_rank_cdf(double t, std::size_t n);

/// Where values come from. Those of rounds follow each other in time and may resemble their neighbours, and there may
/// be more of them after a look; those of seeds have no order, and their number was fixed beforehand.
enum class Draws : std::uint8_t { in_time, independent };

/// The centre of symmetry of `values` (Hodges and Lehmann 1963): spikes do not move it, normality is not
/// assumed, and it loses 5 % against the mean where the values are normal. `values` are in the order taken;
/// interval and tests are widened by the square root of their block length (autocorrelation.hpp) and a little for
/// being looked at more than once; those of independent draws are not.
///
/// Values that scatter askew have no centre of symmetry. Where the triples test sees that in more than 12 values (10 %;
/// of fewer, signed ranks hold the median in 93 % whatever the skew, docs/measurement.md), the interval reaches
/// over the interval of the median too, and a p-value is the larger one of the two tests: what is concluded then holds
/// for either middle, the second of which takes no symmetry for granted.
class SignedRank {
public:
    explicit SignedRank(std::span<const double> values, Draws draws = Draws::in_time);

    std::size_t size() const { return sorted_.size(); }
    double estimate() const { return estimate_; }
    double lag1() const { return lag1_; }
    bool autocorrelated() const { return autocorrelated_; }
    double block_length() const { return block_length_; }
    bool skewed() const { return by_signs_.has_value(); }
    /// How many times as wide the interval is as that of independent values looked at once.
    double widening() const;

    /// Infinite ends for fewer than 6 values at 95 %.
    Interval interval(double confidence = 0.95) const;
    /// p-value of "the centre is at least `bound`": small when it lies below.
    double p_at_least(double bound) const;
    /// p-value of "the centre is at most `bound`": small when it lies above.
    double p_at_most(double bound) const;

private:
    /// Number of Walsh averages (x_i + x_j) / 2, i <= j, that are below or equal to `value`.
    double averages_up_to(double value) const;
    double averages_below(double value) const;
    /// The k-th smallest Walsh average, k from 1.
    double average_of_rank(double k) const;
    /// `bound` moved towards the estimate as much as the interval is widened.
    double narrowed(double bound) const;

    std::vector<double> sorted_;
    Draws draws_;
    double estimate_ = 0;
    double lag1_ = 0;
    bool autocorrelated_ = false;
    double block_length_ = 1;
    std::optional<SignTest> by_signs_;  ///< of skewed values only
};

}  // namespace headcount
