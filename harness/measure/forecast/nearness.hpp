// How alike the work of two points is: whose time says something about whose.
#pragma once

#include <cstddef>
#include <vector>

#include "harness/measure/plan/plan.hpp"

namespace headcount {

/// What tells points of a plan apart, looked up once.
class Nearness {
public:
    explicit Nearness(const Plan& plan);

    /// From here on two points have not both variant and backend in common.
    static constexpr double kOthers = 30;

    /// 0 for points that differ in their seed alone. Another backend, variant, type or mask tells much apart; a
    /// number twice as large, a little.
    double distance(std::size_t a, std::size_t b) const;

private:
    struct Feature {
        double weight = 0;
        std::vector<double> values;  ///< by point: the logarithm of a number; of text, which of the texts it is
        bool is_text = false;
    };
    std::vector<Feature> features_;
};

}  // namespace headcount
