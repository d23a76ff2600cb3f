// Chooses the learning rate of a point that is trained: on validation data, before any result, by one rule for all.
#include <cmath>
#include <limits>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/measure/campaign/campaign_state.hpp"
#include "harness/train/recipe.hpp"

namespace headcount {
namespace {

/// Trainings below 0 have seeds that no round has.
constexpr std::int64_t kTuningRun = -1;

double validation_error(const Sample& sample) {
    const auto found = sample.results.find("validation_error");
    const bool known = found != sample.results.end() && std::isfinite(found->second);
    return known ? found->second : std::numeric_limits<double>::infinity();  // it diverged
}

}  // namespace

std::filesystem::path Campaign::trainings() const {
    std::filesystem::path path = options_.output;
    path += "." + run_ + ".trainings";
    return path;
}

/// What they came to stands in the journal.
void Campaign::forget_trainings() const {
    std::error_code ignored;
    std::filesystem::remove_all(trainings(), ignored);
}

void Campaign::tune(GroupState& group, const std::string& id) {
    if (learning_rates_.contains(id)) return;
    const std::vector<double> rates = rates_to_try(recipe_of(planned(id).point));
    if (rates.size() == 1) {
        learning_rates_[id] = rates.front();
        return;
    }
    TuningRecord tuning{.run = run_, .point = id, .finished = {}, .tried = {}};
    double smallest = std::numeric_limits<double>::infinity();
    for (const double rate : rates) {
        stop_if_asked();
        doing(fmt::format("tuning {}: learning rate {} ({} of {})", id, rate, tuning.tried.size() + 1, rates.size()));
        Sample sample;
        timed(id, "tune", [&] { sample = group.worker->train(id, kTuningRun, rate, trainings()); });
        sample.point = id;
        if (validation_error(sample) < smallest) {
            smallest = validation_error(sample);
            tuning.learning_rate = rate;
        }
        tuning.tried.push_back(std::move(sample));
    }
    if (!(tuning.learning_rate > 0)) throw PointFailure("the training diverged with every learning rate tried", false);
    tuning.finished = utc_now();
    append(tuning);
    forget_trainings();
    learning_rates_[id] = tuning.learning_rate;
}

}  // namespace headcount
