// Derivatives of every variant against central differences of its whole forward pass, by the point's own backend.
#include <algorithm>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/measure/gradient_points.hpp"
#include "tests/measure/moving_point.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

/// The error of a central difference is h^2 f''' / 6 and unit * f / h for rounding of f. With unit 1e-16, and f, f' and
/// f''' of some tens, both are about 1e-9 of the derivative. A hundred times that is for directions that are steep.
constexpr double kStep = 1e-5;
constexpr double kUnit = 0x1p-53;
constexpr double kAgree = 1e-7;

struct Difference {
    double slope;
    double rounding;  ///< what of it the two values of f do not tell: seen where a slope is all but zero
};

Difference difference_along(MovingPoint& point, const Numbers& direction) {
    Numbers before;
    for (const auto& [name, moves] : direction) before[name] = numbers_of(point.parameters.at(name));
    const auto place = [&](double step) {
        for (const auto& [name, moves] : direction) {
            auto* const numbers = static_cast<double*>(point.parameters.at(name).data);
            for (std::size_t i = 0; i < moves.size(); ++i) numbers[i] = before.at(name)[i] + step * moves[i];
        }
    };
    const auto value_at = [&](double step) {
        place(step);
        point.forward(*point.data.backend);
        return point.weighed(point.data.layout.out);
    };
    const double slope = (value_at(kStep) - value_at(-kStep)) / (2 * kStep);
    place(0);
    return {.slope = slope, .rounding = 16 * kUnit * point.size_of_weighed(point.data.layout.out) / kStep};
}

}  // namespace

TEST_CASE("derivatives of every variant agree with central differences of its forward pass, on naive and blas") {
    for (const std::string backend : {"naive", "blas"}) {
        std::set<std::string> met;
        double largest = 0;
        for_each_gradient_point(backend, DType::f64, [&](const Point& point) {
            CAPTURE(point.id());
            MovingPoint moving(point);
            const Numbers gradient = moving.gradient();
            for (const Numbers& direction : directions_of(moving)) {
                const Difference difference = difference_along(moving, direction);
                const double here = disagreement(gradient, direction, difference.slope, difference.rounding);
                CAPTURE(direction.begin()->first, direction.size());
                CHECK(here <= kAgree);
                largest = std::max(largest, here);
            }
            met.insert(point.variant);
        });
        CHECK((met == differentiable_variants() || (backend == "blas" && met.empty())));  // blas may not be built
        std::cout << "gradients and central differences on " << backend << " disagree by at most " << largest << '\n';
    }
}

TEST_CASE("a derivative that is wrong by 1e-5, or in its sign, disagrees with a central difference") {
    const GradientShape shape{.q_len = 5, .kv_len = 9, .num_kv_heads = 2, .causal = true, .bias = true};
    MovingPoint moving(
        {.variant = "multi_head", .backend = "naive", .problem = gradient_problem(shape, Scope::layer, DType::f64)});
    const Numbers right = moving.gradient();
    CHECK(right.size() == 10);
    std::set<std::string> caught;
    for (const Numbers& direction : directions_of(moving)) {
        if (direction.size() > 1) continue;
        const std::string& name = direction.begin()->first;
        const Difference difference = difference_along(moving, direction);
        int faults = 0;
        for (const double factor : {1 + 1e-5, -1.0}) {
            Numbers wrong = right;
            for (double& x : wrong.at(name)) x = factor * x;
            faults += disagreement(wrong, direction, difference.slope, difference.rounding) > kAgree ? 1 : 0;
        }
        if (faults == 2) caught.insert(name);
    }
    // The derivative by a key's bias is nothing but rounding, whatever its factor.
    CHECK(caught == std::set<std::string>{"bo", "bq", "bv", "wk", "wo", "wq", "wv", "x_kv", "x_q"});
}
