// Where a sample of differences lies: Hodges-Lehmann estimate, signed-rank interval and tests.
#include "harness/stats/signed_rank.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <boost/math/distributions/normal.hpp>

#include "harness/core/error.hpp"
#include "harness/stats/autocorrelation.hpp"
#include "harness/stats/shape.hpp"

namespace headcount {

namespace {

constexpr std::size_t kLargestExact = 100;

/// Results are looked at after 10, 20, 40 and 80 rounds, and measuring stops when the interval is narrow enough. Those
/// that stop early are the luckily narrow ones, which costs up to 1 % of coverage; 2 % of width a look buy it back.
double looks_widening(std::size_t rounds) {
    return 1 + 0.02 * std::clamp(std::log2(static_cast<double>(rounds) / 10), 0.0, 3.0);
}

/// Number of Walsh averages of n values, which is also the largest value of the statistic.
double averages_of(std::size_t n) { return static_cast<double>(n) * static_cast<double>(n + 1) / 2; }

/// cdf[t] = P(T <= t), T the sum of a random subset of 1..n.
const std::vector<double>& exact_cdf(std::size_t n) {
    thread_local std::map<std::size_t, std::vector<double>> known;
    std::vector<double>& cdf = known[n];
    if (!cdf.empty()) return cdf;
    cdf.assign(n * (n + 1) / 2 + 1, 0);
    cdf[0] = 1;
    std::size_t largest = 0;
    for (std::size_t i = 1; i <= n; ++i) {
        largest += i;
        for (std::size_t t = largest + 1; t-- > 0;) cdf[t] = (cdf[t] + (t >= i ? cdf[t - i] : 0)) / 2;
    }
    for (std::size_t t = 1; t < cdf.size(); ++t) cdf[t] += cdf[t - 1];
    return cdf;
}

/// Largest k with P(T < k) <= allowed: the interval runs from the k-th smallest to the k-th largest average.
double rank_of_end(std::size_t n, double allowed) {
    double low = 0;
    double high = averages_of(n);
    while (low < high) {
        const double middle = std::ceil((low + high) / 2);
        if (signed_rank_cdf(middle - 1, n) <= allowed) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

}  // namespace

double signed_rank_cdf(double t, std::size_t n) {
    if (t < 0) return 0;
    const auto count = static_cast<double>(n);
    const double largest = count * (count + 1) / 2;
    if (t >= largest) return 1;
    if (n <= kLargestExact) return exact_cdf(n)[static_cast<std::size_t>(t)];
    const double deviation = std::sqrt(count * (count + 1) * (2 * count + 1) / 24);
    return boost::math::cdf(boost::math::normal_distribution<double>(largest / 2, deviation), std::floor(t) + 0.5);
}

SignedRank::SignedRank(std::span<const double> values, Draws draws)
    : sorted_(values.begin(), values.end()), draws_(draws) {
    if (draws == Draws::in_time) {
        lag1_ = lag1_autocorrelation(values);
        autocorrelated_ = is_autocorrelated(values);
        block_length_ = headcount::block_length(values);
    }
    if (sorted_.empty()) throw Error("signed rank: there are no values; measure at least one complete round");
    if (!std::ranges::all_of(sorted_, [](double x) { return std::isfinite(x); }))
        throw Error("signed rank: a value is not finite; times must be positive and finite");
    std::ranges::sort(sorted_);
    const double averages = averages_of(sorted_.size());
    estimate_ = (average_of_rank(std::floor((averages + 1) / 2)) + average_of_rank(std::ceil((averages + 1) / 2))) / 2;
    // At 5 % a sample of 20 hides its skew too often: intervals cover 93 %, at 10 % 94 (docs/measurement.md).
    constexpr double kSkewed = 0.1;
    constexpr std::size_t kFewest = 13;
    if (sorted_.size() >= kFewest && symmetry_p_value(sorted_) < kSkewed) by_signs_.emplace(sorted_, widening());
}

double SignedRank::averages_up_to(double value) const {
    double count = 0;
    std::size_t j = sorted_.size();
    // As i rises the partners allowed shrink: one pass of two indices.
    for (std::size_t i = 0; i < sorted_.size(); ++i) {
        while (j > 0 && (sorted_[i] + sorted_[j - 1]) / 2 > value) --j;
        if (j <= i) break;
        count += static_cast<double>(j - i);
    }
    return count;
}

double SignedRank::averages_below(double value) const {
    return averages_up_to(std::nextafter(value, -std::numeric_limits<double>::infinity()));
}

double SignedRank::average_of_rank(double k) const {
    double low = sorted_.front();
    double high = sorted_.back();
    if (averages_up_to(low) >= k) return low;
    // Bisection down to neighbouring doubles: n(n+1)/2 averages are never stored.
    while (true) {
        const double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high) return high;
        (averages_up_to(middle) >= k ? high : low) = middle;
    }
}

double SignedRank::widening() const {
    if (draws_ == Draws::independent) return 1;
    return looks_widening(sorted_.size()) * std::sqrt(block_length_);
}

double SignedRank::narrowed(double bound) const { return estimate_ + (bound - estimate_) / widening(); }

Interval SignedRank::interval(double confidence) const {
    Interval result{.estimate = estimate_};
    const double k = rank_of_end(sorted_.size(), (1 - confidence) / 2);
    if (k < 1) return result;
    const auto n = static_cast<double>(sorted_.size());
    const double factor = widening();
    result.low = estimate_ + factor * (average_of_rank(k) - estimate_);
    result.high = estimate_ + factor * (average_of_rank(n * (n + 1) / 2 + 1 - k) - estimate_);
    if (by_signs_) {
        const Interval median = by_signs_->interval(confidence);
        result.low = std::min(result.low, median.low);
        result.high = std::max(result.high, median.high);
    }
    return result;
}

double SignedRank::p_at_least(double bound) const {
    const auto n = static_cast<double>(sorted_.size());
    // Averages above the bound speak for the hypothesis; one that equals it counts for it.
    const double p = signed_rank_cdf(n * (n + 1) / 2 - averages_below(narrowed(bound)), sorted_.size());
    return by_signs_ ? std::max(p, by_signs_->p_at_least(bound)) : p;
}

double SignedRank::p_at_most(double bound) const {
    const double p = signed_rank_cdf(averages_up_to(narrowed(bound)), sorted_.size());
    return by_signs_ ? std::max(p, by_signs_->p_at_most(bound)) : p;
}

}  // namespace headcount
