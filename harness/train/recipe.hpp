// How a model is trained: the options of every task.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/core/options.hpp"
#include "harness/core/point.hpp"

namespace headcount {

struct Recipe {
    std::int64_t steps = 1000;
    std::string learning_rate = "0.003";
    std::int64_t learning_rates = 1;
    std::int64_t train_examples = 8192;
    std::int64_t test_examples = 2048;
};

/// The rates that a learning rate may have, from the smallest: half a decade apart.
const std::vector<std::string>& learning_rates();

/// What a point with a task may say of its training.
const Options<Recipe>& recipe_options();
inline Recipe recipe_of(const Point& point) { return recipe_options().read(point.own); }

/// The rates to try, with learning_rate in the middle: `learning_rates` of them, fewer at an end of the ladder.
std::vector<double> rates_to_try(const Recipe& recipe);

/// The learning rate of a step (0 .. steps - 1): a linear rise over the first twentieth of the steps, then half a
/// cosine down to a hundredth of `peak`.
double rate_at(std::int64_t step, std::int64_t steps, double peak);

}  // namespace headcount
