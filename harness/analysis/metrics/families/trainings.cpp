// What trained models got wrong: one value a seed.
#include "harness/analysis/metrics/metric.hpp"

namespace headcount::metrics {

namespace {

/// What each training says under this name; trainings of one round had one seed, and are paired.
std::function<Value(const Entry&, Ledger)> result(const char* name) {
    return [name](const Entry& entry, Ledger) -> Value {
        if (entry.record.outcome == Outcome::failed) return {.missing = entry.absent_because()};
        Value value{.rounds = result_by_round(entry, name), .draws = Draws::independent};
        if (value.rounds.empty()) {
            const std::string why = entry.absent_because();
            value.missing = why.empty() ? "nothing was trained" : why;
        }
        return value;
    };
}

}  // namespace

MetricFamily trainings() {
    return {.doc = "errors of trained models, one value a seed",
            .metrics = {{.name = "test_error",
                         .unit = "",
                         .doc = "mean squared error over the variance of the targets, on examples never seen",
                         .noun = "errors",
                         .exact = false,
                         .value = result("test_error"),
                         .by_round = true,
                         .of_training = true},
                        {.name = "validation_error",
                         .unit = "",
                         .doc = "the same on the examples that learning rates are chosen by",
                         .noun = "errors",
                         .exact = false,
                         .value = result("validation_error"),
                         .by_round = true,
                         .of_training = true}}};
}

}  // namespace headcount::metrics
