// Exponents: the slope of a straight line through logarithms.
#include "harness/stats/fit.hpp"

#include <cmath>

#include <boost/math/distributions/students_t.hpp>

#include "harness/core/error.hpp"

namespace headcount {

namespace {

struct Line {
    double slope = 0;
    double squared_residuals = 0;
    double x_squares = 0;
};

Line fit_logs(std::span<const double> x, std::span<const double> y) {
    if (x.size() != y.size() || x.size() < 2) throw Error("log-log fit: needs two or more points (x, y)");
    const auto n = static_cast<double>(x.size());
    double mean_x = 0;
    double mean_y = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (!(x[i] > 0) || !(y[i] > 0)) throw Error("log-log fit: a value is not positive; there is no logarithm");
        mean_x += std::log(x[i]) / n;
        mean_y += std::log(y[i]) / n;
    }
    Line line;
    double products = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double dx = std::log(x[i]) - mean_x;
        line.x_squares += dx * dx;
        products += dx * (std::log(y[i]) - mean_y);
    }
    if (!(line.x_squares > 0)) throw Error("log-log fit: all x are equal; vary the axis");
    line.slope = products / line.x_squares;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double residual = std::log(y[i]) - mean_y - line.slope * (std::log(x[i]) - mean_x);
        line.squared_residuals += residual * residual;
    }
    return line;
}

double mean_log(std::span<const double> x) {
    double mean = 0;
    for (const double value : x) mean += std::log(value) / static_cast<double>(x.size());
    return mean;
}

/// One slope a round.
std::vector<double> each_slope(std::span<const double> x, std::span<const std::vector<double>> y) {
    std::vector<double> slopes;
    slopes.reserve(y.size());
    for (const std::vector<double>& round : y) slopes.push_back(log_log_slope(x, round));
    return slopes;
}

}  // namespace

double log_log_slope(std::span<const double> x, std::span<const double> y) { return fit_logs(x, y).slope; }

Interval log_log_slope_interval(std::span<const double> x, std::span<const double> y, double confidence) {
    const Line line = fit_logs(x, y);
    Interval result{.estimate = line.slope};
    if (x.size() < 3) return result;
    const auto freedom = static_cast<double>(x.size() - 2);
    const double error = std::sqrt(line.squared_residuals / freedom / line.x_squares);
    const double t = boost::math::quantile(boost::math::students_t_distribution<double>(freedom), (1 + confidence) / 2);
    result.low = line.slope - t * error;
    result.high = line.slope + t * error;
    return result;
}

Interval slope_of_centres(std::span<const double> x, std::span<const std::vector<double>> samples, double confidence) {
    std::vector<double> centres;
    std::vector<Interval> intervals;
    for (const std::vector<double>& times : samples) {
        std::vector<double> logs;
        for (const double time : times) {
            if (!(time > 0)) throw Error("log-log fit: a value is not positive; there is no logarithm");
            logs.push_back(std::log(time));
        }
        intervals.push_back(SignedRank(logs).interval(confidence));
        centres.push_back(std::exp(intervals.back().estimate));
    }
    const Line line = fit_logs(x, centres);
    const double mean_x = mean_log(x);
    double below = 0;
    double above = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double weight = (std::log(x[i]) - mean_x) / line.x_squares;
        if (weight == 0) continue;  // the middle of the axis does not turn the line
        const double down = intervals[i].estimate - intervals[i].low;
        const double up = intervals[i].high - intervals[i].estimate;
        below += std::pow(weight * (weight > 0 ? down : up), 2);
        above += std::pow(weight * (weight > 0 ? up : down), 2);
    }
    return {.estimate = line.slope, .low = line.slope - std::sqrt(below), .high = line.slope + std::sqrt(above)};
}

SignedRank slopes_by_round(std::span<const double> x, std::span<const std::vector<double>> y) {
    return SignedRank(each_slope(x, y));
}

Interval median_slope_by_round(std::span<const double> x, std::span<const std::vector<double>> y) {
    return median_interval(each_slope(x, y));
}

Interval slope_of_medians(std::span<const double> x, std::span<const std::vector<double>> samples, double confidence) {
    const double each = 1 - (1 - confidence) / static_cast<double>(samples.size());
    std::vector<double> medians;
    std::vector<Interval> intervals;
    for (const std::vector<double>& times : samples) {
        intervals.push_back(median_interval(times, each));
        medians.push_back(intervals.back().estimate);
    }
    const Line line = fit_logs(x, medians);
    Interval result{.estimate = line.slope, .low = line.slope, .high = line.slope};
    const double mean_x = mean_log(x);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double weight = (std::log(x[i]) - mean_x) / line.x_squares;
        if (weight == 0) continue;  // the middle of the axis does not turn the line
        if (!intervals[i].bounded() || !(intervals[i].low > 0)) return {.estimate = line.slope};
        const double down = std::log(intervals[i].low / medians[i]), up = std::log(intervals[i].high / medians[i]);
        result.low += weight * (weight > 0 ? down : up);
        result.high += weight * (weight > 0 ? up : down);
    }
    return result;
}

}  // namespace headcount
