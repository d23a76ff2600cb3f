#include "harness/measure/forecast/calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "harness/measure/forecast/nearness.hpp"
#include "harness/measure/plan/predict.hpp"

namespace headcount {
namespace {

constexpr std::size_t kNearest = 3;  // points that speak for another one
constexpr double kOwnWord = 0.5;     // added to distances, so that equal points share

/// The logarithm of how many times its guess something took.
struct Ratio {
    std::size_t index;
    double log;
};

/// Of the nearest points, weighted by the square of how near they are.
double scale_of(std::size_t index, const std::vector<Ratio>& ratios, const Nearness& nearness) {
    struct Near {
        double distance, log;
    };
    std::vector<Near> near;
    near.reserve(ratios.size());
    for (const Ratio& ratio : ratios) near.push_back({nearness.distance(index, ratio.index), ratio.log});
    const std::size_t count = std::min(kNearest, near.size());
    std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(count), near.end(),
                      [](const Near& a, const Near& b) { return a.distance < b.distance; });
    double sum = 0, weights = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const double weight = std::pow(near[i].distance + kOwnWord, -2);
        sum += weight * near[i].log;
        weights += weight;
    }
    return weights > 0 ? std::exp(sum / weights) : 1;
}

void add(std::vector<Ratio>& ratios, std::size_t index, double seen_s, double guessed_s) {
    if (seen_s > 0 && guessed_s > 0) ratios.push_back({index, std::log(seen_s / guessed_s)});
}

}  // namespace

void calibrate(Plan& plan, const Trial& trial, const Protocol& protocol) {
    if (trial.points.empty()) return;
    const Nearness nearness(plan);
    std::vector<Ratio> passes, checks, preparations;
    std::vector<const TriedPoint*> tried(plan.points.size(), nullptr);
    for (const TriedPoint& one : trial.points) {
        const PlannedPoint& planned = plan.points[one.index];
        tried[one.index] = &one;
        add(passes, one.index, one.pass_s, pass_s(planned));
        add(checks, one.index, one.check_s, planned.check_s);
        add(preparations, one.index, one.prepare_s, planned.prepare_s);
    }
    for (std::size_t i = 0; i < plan.points.size(); ++i) {
        PlannedPoint& planned = plan.points[i];
        if (planned.fate != Fate::time) continue;
        const TriedPoint* seen = tried[i];
        const double guess_s = pass_s(planned);
        const bool knows = seen != nullptr && seen->pass_s > 0 && guess_s > 0;
        const double scale = knows ? seen->pass_s / guess_s : scale_of(i, passes, nearness);
        planned.forward_s *= scale;
        planned.renew_s *= scale;
        planned.check_s =
            seen != nullptr && seen->check_s >= 0 ? seen->check_s : planned.check_s * scale_of(i, checks, nearness);
        if (planned.ours) {
            planned.prepare_s =
                seen != nullptr ? seen->prepare_s : planned.prepare_s * scale_of(i, preparations, nearness);
        }
    }
    sum_rounds(plan, protocol);
}

}  // namespace headcount
