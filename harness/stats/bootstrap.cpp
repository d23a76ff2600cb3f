#include "harness/stats/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/students_t.hpp>

#include "harness/core/error.hpp"
#include "harness/core/random.hpp"

namespace headcount {

Interval bootstrap_mean(std::span<const double> values, double confidence) {
    if (values.empty()) throw Error("the mean of no values");
    constexpr int kResamples = 2000;
    constexpr std::uint64_t kSeed = 20190521;
    const auto n = static_cast<double>(values.size());
    SplitMix64 random(kSeed);
    std::vector<double> means(kResamples);
    for (double& mean : means) {
        double sum = 0;
        for (std::size_t i = 0; i < values.size(); ++i) sum += values[random.below(values.size())];
        mean = sum / n;
    }
    return {.estimate = std::accumulate(values.begin(), values.end(), 0.0) / n,
            .low = quantile(means, (1 - confidence) / 2),
            .high = quantile(means, (1 + confidence) / 2)};
}

double mean_test(std::span<const double> values) {
    const auto n = static_cast<double>(values.size());
    if (values.size() < 2) return 1;
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    if (squares == 0) return mean == 0 ? 1 : 0;
    const double t = std::abs(mean) / std::sqrt(squares / (n - 1) / n);
    return 2 * boost::math::cdf(boost::math::complement(boost::math::students_t_distribution<>(n - 1), t));
}

double sign_test(std::int64_t one, std::int64_t other) {
    if (one + other == 0) return 1;
    const boost::math::binomial_distribution<> even(static_cast<double>(one + other), 0.5);
    return std::min(1.0, 2 * boost::math::cdf(even, static_cast<double>(std::min(one, other))));
}

double chance_of_at_most(std::int64_t hits, std::int64_t n, double share) {
    if (hits < 0) return 0;
    if (hits >= n) return 1;
    const boost::math::binomial_distribution<> all(static_cast<double>(n), share);
    return boost::math::cdf(all, static_cast<double>(hits));
}

}  // namespace headcount
