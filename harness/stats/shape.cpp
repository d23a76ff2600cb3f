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

double symmetry_p_value(std::span<const double> values) {
    const std::size_t n = values.size();
    if (n < kFewestForShape) return 1;
    const auto sign = [](double v) { return static_cast<double>((v > 0) - (v < 0)); };
    // by_pair[i * n + j]: sum over all k of whether {i, j, k} leans right (1/3), left (-1/3) or neither
    std::vector<double> by_pair(n * n, 0);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = i + 1; j < n; ++j) {
            for (std::size_t k = j + 1; k < n; ++k) {
                const double x = values[i], y = values[j], z = values[k];
                const double lean = (sign(x + y - 2 * z) + sign(x + z - 2 * y) + sign(y + z - 2 * x)) / 3;
                by_pair[i * n + j] += lean;
                by_pair[i * n + k] += lean;
                by_pair[j * n + k] += lean;
            }
        }
    }
    const auto size = static_cast<double>(n);
    const double pairs = size * (size - 1) / 2, triples = pairs * (size - 2) / 3;
    std::vector<double> by_value(n, 0);
    double total = 0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = i + 1; j < n; ++j) {
            by_value[i] += by_pair[i * n + j] / 2;
            by_value[j] += by_pair[i * n + j] / 2;
            total += by_pair[i * n + j] / 3;
        }
    }
    const double lean = total / triples;
    double of_one = 0, of_two = 0;  // variances of the lean given one and two of its three values
    for (std::size_t i = 0; i < n; ++i) {
        of_one += std::pow(by_value[i] / ((size - 1) * (size - 2) / 2) - lean, 2) / size;
        for (std::size_t j = i + 1; j < n; ++j) of_two += std::pow(by_pair[i * n + j] / (size - 2) - lean, 2) / pairs;
    }
    const double of_three = 1.0 / 9 - lean * lean;
    const double variance = (3 * (size - 3) * (size - 4) / 2 * of_one + 3 * (size - 3) * of_two + of_three) / triples;
    if (!(variance > 0)) return lean == 0 ? 1 : 0;
    return std::erfc(std::abs(lean) / std::sqrt(2 * variance));
}

}  // namespace headcount
