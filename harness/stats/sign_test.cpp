// Where the median of a sample lies, by the sign test: no symmetry is taken for granted.
#include "harness/stats/sign_test.hpp"

#include <algorithm>
#include <utility>

#include <boost/math/distributions/binomial.hpp>

namespace headcount {

double sign_test_cdf(double b, std::size_t n) {
    if (b < 0) return 0;
    const auto count = static_cast<double>(n);
    if (b >= count) return 1;
    return boost::math::cdf(boost::math::binomial_distribution<double>(count, 0.5), b);
}

std::size_t values_beyond(std::size_t n, double confidence) {
    const double allowed = (1 - confidence) / 2;
    std::size_t beyond = 0;
    while (beyond < n / 2 && sign_test_cdf(static_cast<double>(beyond), n) <= allowed) ++beyond;
    return beyond;
}

SignTest::SignTest(std::vector<double> sorted, double widening)
    : sorted_(std::move(sorted)), widening_(widening), median_(headcount::median(sorted_)) {}

double SignTest::narrowed(double bound) const { return median_ + (bound - median_) / widening_; }

Interval SignTest::interval(double confidence) const {
    Interval result{.estimate = median_};
    const std::size_t beyond = values_beyond(sorted_.size(), confidence);
    if (beyond == 0) return result;
    result.low = median_ + widening_ * (sorted_[beyond - 1] - median_);
    result.high = median_ + widening_ * (sorted_[sorted_.size() - beyond] - median_);
    return result;
}

double SignTest::p_at_least(double bound) const {
    const auto not_below = sorted_.end() - std::ranges::lower_bound(sorted_, narrowed(bound));
    return sign_test_cdf(static_cast<double>(not_below), sorted_.size());
}

double SignTest::p_at_most(double bound) const {
    const auto not_above = std::ranges::upper_bound(sorted_, narrowed(bound)) - sorted_.begin();
    return sign_test_cdf(static_cast<double>(not_above), sorted_.size());
}

}  // namespace headcount
