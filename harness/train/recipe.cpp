#include "harness/train/recipe.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace headcount {

const std::vector<std::string>& learning_rates() {
    static const std::vector<std::string> ladder{"0.0001", "0.0003", "0.001", "0.003", "0.01", "0.03", "0.1"};
    return ladder;
}

const Options<Recipe>& recipe_options() {
    constexpr std::int64_t kMost = std::int64_t{1} << 30;
    static const Options<Recipe> options{
        {"steps", &Recipe::steps, 1, kMost, "batches that a model is trained with"},
        {"learning_rate", &Recipe::learning_rate, learning_rates(), "of AdamW, at its highest"},
        {"learning_rates", &Recipe::learning_rates, 1, 7,
         "how many rates around learning_rate are tried for each point, on validation data; 1: none but itself"},
        {"train_examples", &Recipe::train_examples, 1, kMost, "examples that a model learns from"},
        {"test_examples", &Recipe::test_examples, 1, kMost, "examples of the test, and as many for validation"}};
    return options;
}

std::vector<double> rates_to_try(const Recipe& recipe) {
    const std::vector<std::string>& ladder = learning_rates();
    const auto middle = std::find(ladder.begin(), ladder.end(), recipe.learning_rate) - ladder.begin();
    const std::ptrdiff_t first = std::max<std::ptrdiff_t>(0, middle - (recipe.learning_rates - 1) / 2);
    const std::ptrdiff_t last = std::min(std::ssize(ladder) - 1, middle + recipe.learning_rates / 2);
    std::vector<double> rates;
    for (std::ptrdiff_t i = first; i <= last; ++i) rates.push_back(std::stod(ladder[static_cast<std::size_t>(i)]));
    return rates;
}

double rate_at(std::int64_t step, std::int64_t steps, double peak) {
    constexpr double kLowest = 0.01, kWarmUpShare = 0.05;
    const double warm_up = std::max(1.0, kWarmUpShare * static_cast<double>(steps));
    const auto done = static_cast<double>(step);
    if (done < warm_up) return peak * (done + 1) / warm_up;
    const double share = (done - warm_up) / std::max(1.0, static_cast<double>(steps) - warm_up);
    return peak * (kLowest + (1 - kLowest) * (1 + std::cos(std::numbers::pi * share)) / 2);
}

}  // namespace headcount
