// Derivatives of every variant against those by a complex step through the same variant's forward pass.
#include "tests/measure/complex_step.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "harness/backend/naive_backend.hpp"
#include "tests/catch.hpp"
#include "tests/measure/complex_backend.hpp"
#include "tests/measure/gradient_points.hpp"
#include "tests/measure/moving_point.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

/// Neither side takes a difference, so they differ by rounding alone: 1e-16 times the root of some thousand terms. The
/// rest is distance from what a wrong derivative would make.
constexpr double kAgree = 1e-10;

/// Derivatives along directions, each by one forward pass on complex numbers.
class ComplexSlopes {
public:
    explicit ComplexSlopes(MovingPoint& point) : point_(point), backend_(slopes_) {
        for (const Workspace* values : {&point.data.store, &point.data.workspace, &point.prepared}) {
            const std::int64_t bytes = values->reserved_bytes();
            memory_.push_back(Workspace::reserve(bytes));
            slopes_.put(values->base(), bytes, memory_.back().base());
        }
    }

    double along(const Numbers& direction) {
        for (const auto& [name, tensor] : point_.parameters) {
            const Tensor slopes = slopes_.of(tensor);
            fill(slopes, 0);
            const auto moves = direction.find(name);
            if (moves != direction.end())
                std::copy(moves->second.begin(), moves->second.end(), static_cast<double*>(slopes.data));
        }
        point_.forward(backend_);
        return point_.weighed(slopes_.of(point_.data.layout.out));
    }

private:
    MovingPoint& point_;
    std::vector<Workspace> memory_;
    Adjoints slopes_;
    ComplexBackend backend_;
};

struct Along {
    Numbers direction;
    double slope;
};

std::vector<Along> slopes_of(const Point& point) {
    MovingPoint moving(point);
    ComplexSlopes slopes(moving);
    std::vector<Along> known;
    for (Numbers& direction : directions_of(moving)) {
        const double slope = slopes.along(direction);
        known.push_back({.direction = std::move(direction), .slope = slope});
    }
    return known;
}

/// Grouped heads, a mask and biases, as much of it as the variant has; heads of odd width where it takes them.
Point first_gradient_point(const std::string& variant) {
    struct Heads {
        std::int64_t query, key;
    };
    for (const bool with_more : {true, false}) {
        for (const Heads heads : {Heads{4, 2}, Heads{4, 1}, Heads{4, 4}, Heads{1, 1}}) {
            for (const std::int64_t head_dim : {3, 4, 12}) {
                const GradientShape shape{.num_heads = heads.query,
                                          .num_kv_heads = heads.key,
                                          .head_dim = head_dim,
                                          .value_head_dim = head_dim == 12 ? 12 : 3,
                                          .causal = with_more,
                                          .bias = with_more};
                Point point{.variant = variant,
                            .backend = "naive",
                            .problem = gradient_problem(shape, Scope::layer, DType::f64)};
                point.own = default_options(find_named(all_variants(), variant, "variant"));
                if (why_unsupported(point).empty()) return point;
            }
        }
    }
    throw Error(variant + " runs none of the points that are looked at");
}

/// The largest; NaN where there is one.
double largest_disagreement(const Numbers& gradient, const std::vector<Along>& known) {
    double largest = 0;
    for (const Along& one : known) {
        const double here = disagreement(gradient, one.direction, one.slope);
        if (std::isnan(here)) return here;
        largest = std::max(largest, here);
    }
    return largest;
}

/// Naive verbs, of which one call writes `factor` times what it should.
class FaultyBackend : public NaiveBackend {
public:
    FaultyBackend(int faulty_call, double factor) : faulty_call_(faulty_call), factor_(factor) {}

    bool met() const { return calls_ > faulty_call_; }
    /// Whether the call wrote anything but zeros and what rounding leaves of them.
    bool matters() const { return largest_ > 1e-9; }

protected:
    void compute(const Verb& verb) override {
        NaiveBackend::compute(verb);
        if (calls_++ != faulty_call_) return;
        verb.type().each_operand(verb.operands(), [&](const Tensor& t, Access access) {
            if (access != Access::read) spoil(t);
        });
    }

private:
    void spoil(const Tensor& t) {
        for_each_matrix(t, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            for (std::int64_t i = 0; i < t.rows(); ++i) {
                for (std::int64_t j = 0; j < t.cols(); ++j) {
                    double& x = *t.at<double>(b, n, g, i, j);
                    largest_ = std::max(largest_, std::abs(x));
                    x = factor_ * x;
                }
            }
        });
    }

    int faulty_call_, calls_ = 0;
    double factor_, largest_ = 0;
};

}  // namespace

TEST_CASE("a complex step differentiates to rounding what a forward pass is made of") {
    const double x = 0.7, y = -1.3;
    const ComplexStep moving(x, 1), still(y);
    const auto slope_is = [](const ComplexStep& f, double slope) {
        CHECK(std::abs(f.slope() - slope) <= 4e-16 * std::abs(slope));
    };
    slope_is(moving * still, y);
    slope_is(moving + still, 1);
    slope_is(still - moving, -1);
    slope_is(moving / still, 1 / y);
    slope_is(still / moving, -y / (x * x));
    slope_is(exp(moving * moving), 2 * x * std::exp(x * x));
    slope_is(log(moving * moving), 2 / x);
    CHECK(still < moving);
    CHECK(exp(moving).value() == std::exp(x));
    CHECK(still.slope() == 0);
}

TEST_CASE("derivatives of every variant agree with those by a complex step to 1e-10, on naive and blas") {
    std::set<std::string> met;
    double largest = 0;
    for_each_gradient_point("naive", DType::f64, [&](Point point) {
        const std::vector<Along> known = slopes_of(point);
        for (const std::string backend : {"naive", "blas"}) {
            point.backend = backend;
            if (!why_unsupported(point).empty()) continue;
            CAPTURE(point.id());
            const double here = largest_disagreement(MovingPoint(point).gradient(), known);
            CHECK(here <= kAgree);
            largest = std::max(largest, here);
        }
        met.insert(point.variant);
    });
    CHECK(met == differentiable_variants());
    std::cout << "gradients and complex steps disagree by at most " << largest << '\n';
}

TEST_CASE("every call of a backward pass that is wrong by 1e-8, or in its sign, disagrees with the complex step") {
    for (const std::string& variant : differentiable_variants()) {
        const Point point = first_gradient_point(variant);
        const std::vector<Along> known = slopes_of(point);
        MovingPoint moving(point);
        REQUIRE(largest_disagreement(moving.gradient(), known) <= kAgree);
        for (const double factor : {1 + 1e-8, -1.0}) {
            int caught = 0;
            for (int call = 0;; ++call) {
                FaultyBackend faulty(call, factor);
                const double here = largest_disagreement(moving.gradient(faulty), known);
                if (!faulty.met()) break;
                CAPTURE(variant, call, factor);
                CHECK((here > kAgree || !faulty.matters()));
                caught += here > kAgree ? 1 : 0;
            }
            INFO(variant << ": " << caught << " calls");
            // A convolution of three places has no more verbs.
            CHECK(caught >= (variant.ends_with("convolution") ? 7 : 12));
        }
    }
}
