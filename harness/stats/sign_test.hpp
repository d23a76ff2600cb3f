// Where the median of a sample lies, by the sign test: no symmetry is taken for granted.
#pragma once

#include <cstddef>
#include <vector>

#include "harness/stats/interval.hpp"

namespace headcount {

/// P(B <= b) for B binomial of n draws with probability 1/2; 0 for b < 0.
double sign_test_cdf(double b, std::size_t n);

/// How many of n values may lie beyond each end of the interval of their median; 0: too few for one.
std::size_t values_beyond(std::size_t n, double confidence);

/// The interval and the tests of a median by signs (Dixon and Mood 1946). Both are widened about the median by the
/// factor given, so that each is the other's inverse.
class SignTest {
public:
    /// `sorted`: ascending, not empty. `widening`: as of SignedRank::widening(), at least 1.
    SignTest(std::vector<double> sorted, double widening);

    /// Infinite ends for fewer than 6 values at 95 %.
    Interval interval(double confidence) const;
    /// p-value of "the median is at least `bound`": small when it lies below.
    double p_at_least(double bound) const;
    /// p-value of "the median is at most `bound`": small when it lies above.
    double p_at_most(double bound) const;

private:
    double narrowed(double bound) const;

    std::vector<double> sorted_;
    double widening_ = 1;
    double median_ = 0;
};

}  // namespace headcount
