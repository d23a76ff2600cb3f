// Trains the model of a point: memory, steps, evaluation. Knows no task.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "harness/backend/backend.hpp"
#include "harness/core/workspace.hpp"
#include "harness/train/checkpoint.hpp"
#include "harness/train/data_set.hpp"
#include "harness/train/net.hpp"
#include "harness/train/recipe.hpp"

namespace headcount {

/// What came of one training. An error is what the task says (tasks/task.hpp).
struct Training {
    double seconds = 0;      ///< of all steps, without making examples and without evaluation
    double cpu_seconds = 0;  ///< of this process meanwhile
    double validation_error = 0, test_error = 0;
    std::vector<double> curve{};    ///< mean loss of the batches in up to 64 equal stretches of the steps
    std::int64_t diverged_at = -1;  ///< the step whose loss was no number; the errors are infinite then. -1: none
};

/// Why the point cannot be trained; "" when it can, as far as task and sizes say. Throws UsageError for an unknown
/// task.
std::string why_no_training(const Point& point);

class Trainer {
public:
    /// `heads` are those of each layer where not all have as many as the point. Throws Error when memory is refused.
    explicit Trainer(const Point& point, std::vector<std::int64_t> heads = {});
    Trainer(const Trainer&) = delete;
    Trainer& operator=(const Trainer&) = delete;

    /// From the beginning, with the examples and first weights of a run: equal runs of equal points are equal bit for
    /// bit. Runs from 0 on are for results, those below for choosing a learning rate.
    /// Goes on where an earlier process that was killed had left `checkpoint`; where that had ended, takes no step.
    Training train(std::int64_t run, double rate, const Checkpoint& checkpoint = {});
    /// One more step on the batch that is in place, which changes nothing that is learned. For a clock.
    void step_again();

    Backend& backend() { return *backend_; }
    /// High-water mark of temporaries and their derivatives.
    std::int64_t temporaries_bytes() const;
    Net& net() { return net_; }

private:
    void begin(std::int64_t run);
    /// Parameters and moments, to and from the state of a training.
    void keep_numbers(TrainingState& state) const;
    void restore_numbers(const TrainingState& state);
    /// False when the loss was no number.
    bool run_steps(std::int64_t run, double rate, const DataSet& examples, const Checkpoint& checkpoint,
                   TrainingState& state);
    void step(double rate, std::int64_t number);
    void forward();
    void fill(const DataSet& examples, const std::vector<std::int64_t>& chosen);
    double error_on(const DataSet& examples);
    double loss() const;

    Point point_;
    std::vector<std::int64_t> heads_;
    Recipe recipe_;
    std::unique_ptr<Backend> backend_;
    Net net_;
    Workspace optimiser_;
    Tensor first_moment_, second_moment_, square_norm_, gradient_;
};

}  // namespace headcount
