#include "harness/train/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <limits>
#include <utility>

#include "harness/core/error.hpp"
#include "harness/core/stopwatch.hpp"
#include "harness/core/storage.hpp"
#include "tasks/all.hpp"

namespace headcount {
namespace {

const Task& task_of(const Point& point) { return find_named(all_tasks(), point.task, "task"); }

/// All elements of a tensor without gaps.
void fill_with(const Tensor& t, double value) {
    with_storage(t.dtype, [&](auto storage) {
        using T = decltype(storage);
        std::fill_n(static_cast<T*>(t.data), t.elements(), stored<T>(value));
    });
}

double number_of(const Tensor& t) {
    return with_storage(t.dtype,
                        [&](auto storage) { return value_of(*static_cast<const decltype(storage)*>(t.data)); });
}

double cpu_now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

constexpr double kClip = 1.0;

}  // namespace

std::string why_no_training(const Point& point) {
    const Task& task = task_of(point);
    const Problem& p = point.problem;
    if (p.scope != Scope::layer) return "a model is trained with the whole layer: leave scope out";
    if (p.pass != PassKind::forward) return "training makes both passes: leave pass out";
    if (p.cached) return "training computes all tokens: leave cached out";
    if (p.dtype != DType::f32 && p.dtype != DType::f64) return "training is in f32 or f64";
    if (task.unsupported != nullptr) {
        if (std::string why = task.unsupported(point); !why.empty()) return why;
    }
    if (decodes(point) && (p.q_len != p.kv_len || !p.causal)) {
        return "a decoder tells the next of q_len == kv_len tokens from those before: set causal to true";
    }
    if (!decodes(point) && p.q_len == p.kv_len) {
        return "queries of this task are others than its keys, which a variant is told by q_len != kv_len";
    }
    const Recipe recipe = recipe_of(point);
    if (recipe.test_examples % p.batch != 0) return "test_examples has to be a multiple of batch";
    if (recipe.train_examples < p.batch) return "train_examples has to be at least one batch";
    return "";
}

namespace {

std::int64_t optimiser_bytes(const Tensor& parameters) {
    constexpr std::int64_t kRoom = 4096;  // what a workspace leaves between tensors
    return 2 * parameters.bytes() + kRoom;
}

}  // namespace

Trainer::Trainer(const Point& point, std::vector<std::int64_t> heads)
    : point_(point),
      heads_(std::move(heads)),
      recipe_(recipe_of(point)),
      backend_(backend_of(point)),
      net_(make_net(point, Passes::both, heads_)),
      optimiser_(Workspace::reserve(optimiser_bytes(net_.model->parameters().row()))) {
    const Tensor& parameters = net_.model->parameters().row();
    first_moment_ = optimiser_.take("first_moment", parameters.dtype, parameters.extent);
    second_moment_ = optimiser_.take("second_moment", parameters.dtype, parameters.extent);
    square_norm_ = optimiser_.take("square_norm", parameters.dtype, {1, 1, 1, 1, 1});
    gradient_ = net_.backward.derivatives.of(parameters);
    fill_with(gradient_, 0);  // also between the parameters, where nobody writes
    fill_with(net_.backward.derivatives.of(net_.made.loss), 1);
    for (const Tensor& t : {net_.model->keys(), net_.model->queries(), net_.model->targets()}) {
        if (t.data != nullptr) fill_with(t, 0);
    }
    begin(0);
}

void Trainer::begin(std::int64_t run) {
    net_.model->begin(point_.seed, run);
    fill_with(first_moment_, 0);
    fill_with(second_moment_, 0);
}

void Trainer::forward() {
    net_.temporaries.reset();
    net_.model->forward(*backend_, net_.temporaries);
}

void Trainer::step(double rate, std::int64_t number) {
    forward();
    net_.backward.walk(*backend_, net_.temporaries);
    update_parameters(*backend_, {.gradient = gradient_,
                                  .square_norm = square_norm_,
                                  .parameters = net_.model->parameters().row(),
                                  .first_moment = first_moment_,
                                  .second_moment = second_moment_,
                                  .rate = rate,
                                  .clip = kClip,
                                  .step = number});
}

void Trainer::step_again() { step(0, 1); }

double Trainer::loss() const { return number_of(net_.made.loss); }

void Trainer::fill(const DataSet& examples, const std::vector<std::int64_t>& chosen) {
    for (std::size_t entry = 0; entry < chosen.size(); ++entry) {
        examples.copy(chosen[entry], static_cast<std::int64_t>(entry), net_.model->keys(), net_.model->queries(),
                      net_.model->targets());
    }
}

double Trainer::error_on(const DataSet& examples) {
    const std::int64_t batch = point_.problem.batch, batches = examples.size() / batch;
    std::vector<std::int64_t> chosen(static_cast<std::size_t>(batch));
    double sum = 0;
    for (std::int64_t b = 0; b < batches; ++b) {
        for (std::int64_t i = 0; i < batch; ++i) chosen[static_cast<std::size_t>(i)] = b * batch + i;
        fill(examples, chosen);
        forward();
        sum += loss();
    }
    const double mean = sum / static_cast<double>(batches);
    return mean / loss_of_one(point_, examples);
}

void Trainer::keep_numbers(TrainingState& state) const {
    state.numbers.clear();
    for (const Tensor& t : {net_.model->parameters().row(), first_moment_, second_moment_}) {
        const char* const bytes = static_cast<const char*>(t.data);
        state.numbers.insert(state.numbers.end(), bytes, bytes + t.bytes());
    }
}

void Trainer::restore_numbers(const TrainingState& state) {
    const char* from = state.numbers.data();
    for (const Tensor& t : {net_.model->parameters().row(), first_moment_, second_moment_}) {
        std::copy_n(from, t.bytes(), static_cast<char*>(t.data));
        from += t.bytes();
    }
}

bool Trainer::run_steps(std::int64_t run, double rate, const DataSet& examples, const Checkpoint& checkpoint,
                        TrainingState& state) {
    constexpr std::int64_t kStretches = 64;
    const std::int64_t steps = recipe_.steps, stretches = std::min(kStretches, steps);
    ShuffledOrder order(recipe_.train_examples, point_.seed, run);
    std::vector<std::int64_t> chosen(static_cast<std::size_t>(point_.problem.batch));
    auto since = std::chrono::steady_clock::now();
    double cpu_since = cpu_now();
    const auto book_time = [&] {
        state.seconds += seconds_since(since);
        state.cpu_seconds += cpu_now() - cpu_since;
        since = std::chrono::steady_clock::now();
        cpu_since = cpu_now();
    };
    for (; state.step < steps; ++state.step) {
        if (seconds_since(since) > checkpoint.every_s) {
            book_time();
            keep_numbers(state);
            checkpoint.save(state);
        }
        std::int64_t seen = state.step * point_.problem.batch;
        for (std::int64_t& index : chosen) index = order.at(seen++);
        fill(examples, chosen);
        step(rate_at(state.step, steps, rate), state.step + 1);
        const double here = loss();
        if (!std::isfinite(here)) break;
        state.stretch_loss += here;
        ++state.in_stretch;
        if ((state.step + 1) * stretches / steps == state.step * stretches / steps) continue;
        state.curve.push_back(state.stretch_loss / static_cast<double>(state.in_stretch));
        state.stretch_loss = 0;
        state.in_stretch = 0;
    }
    book_time();
    return state.step == steps;
}

Training Trainer::train(std::int64_t run, double rate, const Checkpoint& checkpoint) {
    TrainingState state;
    begin(run);
    Checkpoint mine = checkpoint;
    mine.key = point_.id() + " run " + std::to_string(run) + " rate " + std::to_string(rate);
    for (const std::int64_t heads : heads_) mine.key += " heads " + std::to_string(heads);
    if (mine.load(state)) restore_numbers(state);
    const std::int64_t kept = state.step;
    const bool converged = run_steps(run, rate, examples_of(point_, run, Split::train), mine, state);
    if (state.step != kept) {
        keep_numbers(state);
        mine.save(state);
    }

    Training training{.seconds = state.seconds, .cpu_seconds = state.cpu_seconds, .curve = std::move(state.curve)};
    if (!converged) {
        training.diverged_at = state.step;
        training.validation_error = training.test_error = std::numeric_limits<double>::infinity();
        return training;
    }
    training.validation_error = error_on(examples_of(point_, run, Split::validation));
    training.test_error = error_on(examples_of(point_, run, Split::test));
    return training;
}

std::int64_t Trainer::temporaries_bytes() const { return net_.temporaries.peak_bytes() + net_.backward.kept_bytes; }

}  // namespace headcount
