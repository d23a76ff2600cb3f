// Learning rates: their course over the steps, and which are tried.
#include "harness/train/recipe.hpp"

#include <vector>

#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::WithinRel;

TEST_CASE("a learning rate rises over a twentieth of the steps, then falls to a hundredth of its peak") {
    constexpr std::int64_t kSteps = 1000;
    CHECK_THAT(rate_at(0, kSteps, 2), WithinRel(2.0 / 50, 1e-12));
    CHECK_THAT(rate_at(49, kSteps, 2), WithinRel(2.0, 1e-12));
    CHECK_THAT(rate_at(50, kSteps, 2), WithinRel(2.0, 1e-12));
    CHECK_THAT(rate_at(525, kSteps, 2), WithinRel(1.01, 1e-12));
    CHECK_THAT(rate_at(999, kSteps, 2), WithinRel(0.02, 1e-2));
    for (std::int64_t step = 51; step < kSteps; ++step) CHECK(rate_at(step, kSteps, 2) < rate_at(step - 1, kSteps, 2));
    CHECK(rate_at(0, 1, 2) == 2);
}

TEST_CASE("rates to try lie around the one named, fewer at the ends of the ladder") {
    const auto rates = [](const char* middle, std::int64_t count) {
        return rates_to_try({.learning_rate = middle, .learning_rates = count});
    };
    CHECK(rates("0.003", 1) == std::vector<double>{0.003});
    CHECK(rates("0.003", 3) == std::vector<double>{0.001, 0.003, 0.01});
    CHECK(rates("0.003", 4) == std::vector<double>{0.001, 0.003, 0.01, 0.03});
    CHECK(rates("0.1", 3) == std::vector<double>{0.03, 0.1});
    CHECK(rates("0.0001", 3) == std::vector<double>{0.0001, 0.0003});
}
