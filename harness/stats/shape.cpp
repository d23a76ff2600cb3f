// What shape a sample has: diagnostics of the assumptions behind intervals, not decisions.
#include "harness/stats/shape.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <boost/math/statistics/anderson_darling.hpp>
#include <boost/math/statistics/univariate_statistics.hpp>

namespace headcount {

double normality_p_value(std::span<const double> samples) {
    if (samples.size() < kFewestForShape) return 1;
    std::vector<double> sorted(samples.begin(), samples.end());
    std::ranges::sort(sorted);
    if (sorted.front() == sorted.back()) return 1;
    const auto n = static_cast<double>(sorted.size());
    const double mean = boost::math::statistics::mean(sorted);
    const double deviation = std::sqrt(boost::math::statistics::sample_variance(sorted));
    // Boost evaluates log(cdf) of every value; one that is 9 deviations out would give infinity.
    if ((sorted.back() - mean) / deviation > 8 || (mean - sorted.front()) / deviation > 8) return 0;
    const double statistic = boost::math::statistics::anderson_darling_normality_statistic(sorted, mean, deviation);
    const double a = statistic * (1 + 0.75 / n + 2.25 / (n * n));
    double p = 0;
    if (a >= 0.6) {
        p = std::exp(1.2937 - 5.709 * a + 0.0186 * a * a);
    } else if (a >= 0.34) {
        p = std::exp(0.9177 - 4.279 * a - 1.38 * a * a);
    } else if (a > 0.2) {
        p = 1 - std::exp(-8.318 + 42.796 * a - 59.938 * a * a);
    } else {
        p = 1 - std::exp(-13.436 + 101.14 * a - 223.73 * a * a);
    }
    // The first polynomial turns upwards again far beyond any statistic that is not certain.
    return a > 100 ? 0 : std::clamp(p, 0.0, 1.0);
}

namespace {

/// Of triples x <= y <= z in `sorted`: whether they lean right (z further from y than x is), less those that lean left.
struct Leans {
    std::vector<double> by_value;  ///< over the triples that a value is in
    double total = 0;              ///< over all
    double squares_of_pairs = 0;   ///< of each pair, squared
};

/// How many of these are above 0, less those below; `f` of them rises with them, or falls where `falling`.
template <class F>
double signs(std::span<const double> values, bool falling, F f) {
    const auto first = std::ranges::partition_point(values, [&](double x) { return falling ? f(x) > 0 : f(x) < 0; });
    const auto last = std::ranges::partition_point(values, [&](double x) { return falling ? f(x) >= 0 : f(x) <= 0; });
    const auto before = static_cast<double>(first - values.begin()), after = static_cast<double>(values.end() - last);
    return falling ? before - after : after - before;
}

Leans leans_of(std::span<const double> sorted) {
    const std::size_t n = sorted.size();
    Leans leans{.by_value = std::vector<double>(n, 0)};
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = i + 1; j < n; ++j) {
            const double low = sorted[i], high = sorted[j];
            const double of_pair =
                signs(sorted.first(i), false, [&](double x) { return x + high - 2 * low; }) +
                signs(sorted.subspan(i + 1, j - i - 1), true, [&](double x) { return low + high - 2 * x; }) +
                signs(sorted.subspan(j + 1), false, [&](double x) { return low + x - 2 * high; });
            leans.by_value[i] += of_pair / 2;
            leans.by_value[j] += of_pair / 2;
            leans.total += of_pair / 3;
            leans.squares_of_pairs += of_pair * of_pair;
        }
    }
    return leans;
}

}  // namespace

double symmetry_p_value(std::span<const double> values) {
    if (values.size() < kFewestForShape) return 1;
    std::vector<double> sorted(values.begin(), values.end());
    std::ranges::sort(sorted);
    const Leans leans = leans_of(sorted);
    const auto size = static_cast<double>(sorted.size());
    const double pairs = size * (size - 1) / 2, triples = pairs * (size - 2) / 3;
    // The statistic gives each triple a third.
    const double lean = leans.total / 3 / triples, of_each = 3 * (size - 1) * (size - 2) / 2;
    double of_one = 0;  // variance of the lean given one of the three values, and given two
    for (const double sum : leans.by_value) of_one += std::pow(sum / of_each - lean, 2) / size;
    const double of_two = leans.squares_of_pairs / pairs / std::pow(3 * (size - 2), 2) - lean * lean;
    const double of_three = 1.0 / 9 - lean * lean;
    const double variance = (3 * (size - 3) * (size - 4) / 2 * of_one + 3 * (size - 3) * of_two + of_three) / triples;
    if (!(variance > 0)) return lean == 0 ? 1 : 0;
    return std::erfc(std::abs(lean) / std::sqrt(2 * variance));
}

}  // namespace headcount
